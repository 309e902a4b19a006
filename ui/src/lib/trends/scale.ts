// From values to places on a chart.

import type { TrendPoint } from '$lib/backend';

/** Room for the marks of an axis on the left: figures of three decimals, such as 0.225. */
export const MARKS = 44;

/** Round steps between `low` and `high`, about `wanted` of them, covering both ends. */
export function ticks(low: number, high: number, wanted = 4): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999) ?? rough;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** A figure beyond so many times the largest mean, or below that part of the least, is cut off. */
const MOST_SPAN = 2;

/**
 * What the axis of trials has to show: means of what can be compared, predictions and the goal, and
 * intervals as far as one wild one does not press all others flat.
 */
export function extent(points: TrendPoint[], goal: number | null): [number, number] {
  const comparable = points.filter((p) => !p.stale);
  const all = comparable.length > 0 ? comparable : points;
  const means = all.map((p) => p.joulesPerUnit.mean);
  const most = Math.max(...means) * MOST_SPAN;
  const least = Math.min(...means) / MOST_SPAN;
  const predicted = all.flatMap((p) => p.predicted ?? []);
  const low = all.map((p) => Math.max(least, p.joulesPerUnit.low));
  const high = all.map((p) => Math.min(most, p.joulesPerUnit.high));
  return [Math.min(...low, ...predicted, goal ?? Infinity), Math.max(...high, ...predicted)];
}

/** Decimals that tell neighbouring ticks apart. */
export function tickDecimals(list: number[]): number {
  const step = Math.abs((list[1] ?? 1) - (list[0] ?? 0)) || 1;
  for (let decimals = 0; decimals < 8; decimals++)
    if (Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) < 1e-6) return decimals;
  return 8;
}

/** A straight map from values to pixels. */
export const linear = (from: [number, number], to: [number, number]) => (value: number) =>
  from[1] === from[0]
    ? (to[0] + to[1]) / 2
    : to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);

/** Moves labels apart so that neighbours keep `gap`, staying between `top` and `bottom`. */
export function spread(places: number[], gap: number, top: number, bottom: number): number[] {
  const order = places.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  for (let n = 1; n < order.length; n++) {
    const [above, below] = [order[n - 1], order[n]];
    if (above && below) below.y = Math.max(below.y, above.y + gap);
  }
  let limit = bottom;
  for (const place of order.reverse()) {
    place.y = Math.max(top, Math.min(place.y, limit));
    limit = place.y - gap;
  }
  const result = [...places];
  for (const { y, i } of order) result[i] = y;
  return result;
}
