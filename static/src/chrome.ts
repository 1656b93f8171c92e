/** What stands around the cells: the header with the session's state, the banner, the sidebar's drawer and the announcements. */

import { setTheme, THEMES, type Theme, theme } from "./theme.ts";
import type { SessionState } from "./wire.ts";

/** Runs shorter than this are not announced: a slider would talk without end. */
const ANNOUNCE_AFTER_MS = 2000;
const NOTICE_MS = 8000;
/** Shorter runs leave what stands around the cells as it is: drawing it twice would cost more than many a run. */
const DRAW_AFTER_MS = 250;

export type PageState = SessionState | "connecting" | "reconnecting";

export interface View {
  state: PageState;
  place: number | null;
  detail: string | null;
  restartable: boolean;
  /** Cells whose run is over, of all cells. */
  over: number;
  cells: number;
}

interface Actions {
  stop(): void;
  rerun(): void;
  restart(): void;
  renew(): void;
}

export class Chrome {
  readonly sidebar: HTMLElement;
  readonly cells: HTMLElement;
  private readonly pill: HTMLElement;
  private readonly progress: HTMLElement;
  private readonly banner: HTMLElement;
  private readonly live: HTMLElement;
  private readonly notice: HTMLElement;
  private readonly drawer: Drawer;
  private view: View = { state: "connecting", place: null, detail: null, restartable: false, over: 0, cells: 0 };
  private drawTimer: ReturnType<typeof setTimeout> | undefined;
  private announced = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly body: HTMLElement,
    actions: Actions,
  ) {
    this.sidebar = part(body, ".ka-sidebar-body");
    this.cells = part(body, ".ka-cells");
    this.pill = part(body, ".ka-pill");
    this.progress = part(body, ".ka-progress");
    this.banner = part(body, ".ka-banner");
    this.live = part(body, ".ka-live");
    this.notice = part(body, ".ka-notice");
    this.drawer = new Drawer(body);
    part(body, ".ka-stop").onclick = actions.stop;
    part(body, ".ka-rerun").onclick = actions.rerun;
    part(body, ".ka-restart").onclick = actions.restart;
    part(body, ".ka-renew").onclick = actions.renew;
    themeSwitch(body);
  }

  show(view: View): void {
    this.view = view;
    this.drawer.show();
    const isRunning = view.state === "running";
    this.announce(isRunning ? "Running" : describe(view), isRunning);
    if (!isRunning || this.body.dataset.shown !== "idle") this.draw();
    else this.drawTimer ??= setTimeout(() => this.draw(), DRAW_AFTER_MS);
  }

  private draw(): void {
    clearTimeout(this.drawTimer);
    this.drawTimer = undefined;
    const { view, body, pill } = this;
    if (body.dataset.shown !== view.state) body.dataset.shown = view.state;
    const text = describe(view);
    if (pill.textContent !== text) pill.textContent = text;
    this.progress.style.setProperty("--ka-share", String(view.cells > 0 ? view.over / view.cells : 0));
    const isDead = view.state === "dead";
    const isStuck = view.state === "running" && view.restartable;
    this.banner.hidden = !isDead && !isStuck;
    if (this.banner.hidden) return;
    part(this.banner, "p").textContent = view.detail ?? "The kernel of this session has ended.";
    const restart = part(this.banner, ".ka-restart");
    restart.hidden = !view.restartable;
    restart.textContent = isDead ? "Restart" : "End it";
  }

  /** A sentence for the viewer that belongs to no control. One that `stays` waits until the viewer is there to read it. */
  say(message: string, stays = false): void {
    this.notice.textContent = message;
    this.notice.hidden = false;
    clearTimeout(this.noticeTimer);
    const hide = () => {
      this.noticeTimer = setTimeout(() => {
        this.notice.hidden = true;
      }, NOTICE_MS);
    };
    if (!stays) hide();
    else for (const act of ["pointerdown", "keydown"]) this.body.addEventListener(act, hide, { once: true });
  }

  private announce(text: string, isRunning: boolean): void {
    if (text === this.announced) return;
    this.announced = text;
    clearTimeout(this.timer);
    const speak = () => {
      if (this.live.textContent !== text) this.live.textContent = text;
    };
    if (isRunning) this.timer = setTimeout(speak, ANNOUNCE_AFTER_MS);
    else speak();
  }
}

function part(root: HTMLElement, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

function describe({ state, place, over, cells }: View): string {
  switch (state) {
    case "connecting":
      return "Connecting…";
    case "queued":
      return place === null ? "Waiting…" : `Waiting: place ${place}`;
    case "starting":
      return "Starting…";
    case "running":
      return cells > 0 && over < cells ? `Running… ${over}/${cells}` : "Running…";
    case "idle":
      return "Ready";
    case "reconnecting":
      return "Reconnecting…";
    case "dead":
      return "Stopped";
  }
}

function themeSwitch(body: HTMLElement): void {
  const inputs = [...body.querySelectorAll<HTMLInputElement>("input[name=ka-theme]")];
  for (const input of inputs) {
    input.checked = input.value === theme();
    input.onchange = () => THEMES.includes(input.value as Theme) && setTheme(input.value as Theme);
  }
}

/** The sidebar: beside the page on wide screens, a drawer on narrow ones, and not there while it is empty. */
class Drawer {
  private readonly toggle: HTMLElement;
  private readonly panel: HTMLElement;
  private readonly narrow = matchMedia("(max-width: 60rem)");
  private readonly memory = `kernelapp-sidebar:${document.body.dataset.app ?? ""}`;
  private isOpen = false;
  private hadContent = false;

  constructor(private readonly body: HTMLElement) {
    this.toggle = part(body, ".ka-drawer-toggle");
    this.panel = part(body, ".ka-sidebar");
    this.toggle.onclick = () => this.set(!this.isOpen);
    for (const closer of [".ka-backdrop", ".ka-drawer-close"]) part(body, closer).onclick = () => this.set(false);
    body.addEventListener("keydown", (event) => event.key === "Escape" && this.isOpen && this.set(false));
    this.narrow.addEventListener("change", () => this.set(false));
    // An app that had a sidebar gets its room at once, so that the page does not jump when the controls arrive.
    if (this.remembered()) body.dataset.sidebar = "coming";
    this.set(false);
  }

  show(): void {
    const hasContent = this.panel.querySelector(".ka-region > *") !== null;
    const isSettled = this.body.dataset.state === "idle";
    if (hasContent) this.body.dataset.sidebar = "shown";
    else if (isSettled || this.hadContent) delete this.body.dataset.sidebar;
    if (hasContent !== this.hadContent) this.remember(hasContent);
    this.hadContent = hasContent;
  }

  private set(open: boolean): void {
    const moved = this.isOpen !== open;
    this.isOpen = open;
    this.body.toggleAttribute("data-drawer", open);
    this.toggle.ariaExpanded = String(open);
    this.panel.inert = this.narrow.matches && !open;
    if (moved && this.narrow.matches) (open ? this.panel : this.toggle).focus();
  }

  private remembered(): boolean {
    try {
      return localStorage.getItem(this.memory) === "1";
    } catch {
      return false;
    }
  }

  private remember(has: boolean): void {
    try {
      localStorage.setItem(this.memory, has ? "1" : "0");
    } catch {
      // Without storage the sidebar slides in when it is there.
    }
  }
}
