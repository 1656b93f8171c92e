/** Outputs that are still being drawn: the page is not idle before they are. */

/** A drawing that takes longer than this does not keep the page from being idle. */
const LONGEST_MS = 10_000;

let running = 0;
const listeners = new Set<() => void>();

export function isDrawing(): boolean {
  return running > 0;
}

export function onDrawn(listener: () => void): void {
  listeners.add(listener);
}

export function track(work: Promise<unknown>): void {
  running += 1;
  let over = false;
  const done = () => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    running -= 1;
    for (const listener of listeners) listener();
  };
  const timer = setTimeout(done, LONGEST_MS);
  work.then(done, done);
}
