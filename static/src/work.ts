/** Outputs that are still being drawn, and widgets' messages that are still being handled: the page is not idle before they are. */

/** A drawing that takes longer than this says so, and does not keep the page from being idle any longer. */
export const LONGEST_MS = 30_000;

let running = 0;
const listeners = new Set<() => void>();

export function isDrawing(): boolean {
  return running > 0;
}

export function onDrawn(listener: () => void): void {
  listeners.add(listener);
}

/** `late` is called when the work takes too long; without it the page waits for the end, which is the caller's to bring about. */
export function track(work: Promise<unknown>, late?: () => void): void {
  running += 1;
  let over = false;
  const done = () => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    running -= 1;
    for (const listener of listeners) listener();
  };
  const giveUp = () => {
    late?.();
    done();
  };
  const timer = late && setTimeout(giveUp, LONGEST_MS);
  work.then(done, done);
}
