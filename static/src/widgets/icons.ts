/** Font Awesome, whose icons buttons and the front ends of libraries name: loaded when the first one is to be seen. */

import "./icons.css";

function load(event: AnimationEvent): void {
  if (event.animationName !== "ka-icon") return;
  document.removeEventListener("animationstart", load);
  void import("./fontawesome.ts");
}

document.addEventListener("animationstart", load);
