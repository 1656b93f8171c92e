/** The icons that buttons and others name: Font Awesome, loaded when a widget has one. */

import "@fortawesome/fontawesome-free/css/fontawesome.min.css";
import "@fortawesome/fontawesome-free/css/solid.min.css";
import "@fortawesome/fontawesome-free/css/v4-shims.min.css";
