// Progress of trials that never goes back: a window that is measured again does not undo what the bar
// showed already.

const most = new Map<string, number>();

/** Remembers the greatest part done of `id` and gives that, 0 to 1. */
export function forward(id: string, done: number): number {
  const next = Math.min(1, Math.max(most.get(id) ?? 0, done));
  most.set(id, next);
  return next;
}
