/** ipywidgets on the page: loaded with the first widget that the kernel makes. */

import "@jupyter-widgets/controls/css/widgets-base.css";
import "./icons.ts";
import "./widgets.css";

export { Manager } from "./manager.ts";
