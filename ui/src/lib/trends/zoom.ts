// Which trials a chart shows: all of them, or some around one.

/** Fewer trials than these are never zoomed into. */
export const FEWEST = 5;

/** From which trial to which after zooming by `factor` around `middle`; null for all of them. */
export function zoomed(
  shown: [number, number],
  last: number,
  middle: number,
  factor: number,
): [number, number] | null {
  const half = Math.max(FEWEST / 2, ((shown[1] - shown[0]) / 2) * factor);
  if (2 * half >= last - 1) return null;
  const from = Math.max(1, Math.min(last - 2 * half, middle - half));
  return [Math.round(from), Math.round(from + 2 * half)];
}
