/** Light, dark, or as the viewer's system has it; kept for the next visit when the browser allows it. */

const KEY = "kernelapp-theme";

export type Theme = "auto" | "light" | "dark";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

const dark = matchMedia("(prefers-color-scheme: dark)");
const changes = new EventTarget();
dark.addEventListener("change", () => changes.dispatchEvent(new Event("change")));

export function theme(): Theme {
  const chosen = document.documentElement.dataset.theme as Theme;
  return THEMES.includes(chosen) ? chosen : "auto";
}

export function setTheme(next: Theme): void {
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser without storage asks again at the next visit.
  }
  changes.dispatchEvent(new Event("change"));
}

export function isDark(): boolean {
  return theme() === "dark" || (theme() === "auto" && dark.matches);
}

export function onThemeChange(listener: () => void, signal: AbortSignal): void {
  changes.addEventListener("change", listener, { signal });
}

/** A token of the style sheet as a colour that drawing libraries understand. */
export function colour(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
