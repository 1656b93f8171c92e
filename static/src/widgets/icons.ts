/** FontAwesome, which widgets' front ends count on (`icon="check"`): loaded when the first icon is to be seen. */

import "./icons.css";

function load(event: AnimationEvent): void {
  if (event.animationName !== "ka-icon") return;
  document.removeEventListener("animationstart", load);
  void import("./fontawesome.ts");
}

document.addEventListener("animationstart", load);
