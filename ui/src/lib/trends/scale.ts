// From values to places on a chart.

import type { TrendPoint } from '$lib/backend';

/** Room for the marks of the axis on the left: figures such as 120 % or 0.225. */
export const MARKS = 46;
/** Room for the joules on the right. */
export const SECOND = 46;

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

const quantile = (sorted: number[], part: number) =>
  sorted[Math.round((sorted.length - 1) * part)] ?? 0;

/** Beyond so many spreads of the middle half a figure is wild, and is cut off and marked. */
const WILD = 3;
/** Whiskers may reach so far beyond what the means span; what is longer is cut off and marked. */
const WHISKERS = 0.5;
/** The least that an axis spans, per cent of the default. */
const LEAST = 12;

/**
 * What the axis has to show, in per cent of the default: what can be compared, the default itself and
 * `levels` such as the goal. Neither a wild figure nor a wild interval presses all others flat; where
 * there are so many points that their intervals are not drawn, those have no say.
 */
export function percentRange(
  points: Pick<TrendPoint, 'joulesPerUnit' | 'stale'>[],
  reference: number,
  crowded: boolean,
  levels: number[],
): [number, number] {
  const comparable = points.filter((point) => !point.stale);
  const used = comparable.length > 0 ? comparable : points;
  const means = used
    .map((point) => (point.joulesPerUnit.mean / reference) * 100)
    .sort((a, b) => a - b);
  const spread = quantile(means, 0.75) - quantile(means, 0.25);
  const most = quantile(means, 0.75) + WILD * Math.max(spread, LEAST / 2);
  const shown = [...means.filter((mean) => means.length < 4 || mean <= most), ...levels];
  let [low, high] = [Math.min(...shown), Math.max(...shown)];
  const room = WHISKERS * Math.max(high - low, LEAST);
  const ends = used
    .filter((point) => (point.joulesPerUnit.mean / reference) * 100 <= high + 1e-9)
    .flatMap(({ joulesPerUnit: one }) => (crowded ? [one.mean] : [one.low, one.high]))
    .map((end) => (end / reference) * 100);
  [low, high] = [
    Math.max(low - room, Math.min(low, ...ends)),
    Math.min(high + room, Math.max(high, ...ends)),
  ];
  const lacking = Math.max(0, LEAST - (high - low)) / 2;
  return [Math.max(0, low - lacking), high + lacking];
}

/** Pixels that a number below an axis needs. */
const NUMBER_W = 34;

/** Every how many of `count` numbers is written below an axis so long that they do not touch. */
export function numbersEvery(count: number, width: number): number {
  const least = (count * NUMBER_W) / Math.max(NUMBER_W, width);
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least) ?? 1;
}

/** Points that no other beats in both speed and energy, slowest first. */
export function front<T extends { speed: number; energy: number }>(points: T[]): T[] {
  return points
    .filter((p) => !points.some((q) => q.speed > p.speed && q.energy < p.energy))
    .sort((a, b) => a.speed - b.speed);
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

/** Places as steps: level until the next one, and to `end` where one is given. */
export const stepped = (places: [number, number][], end?: number) =>
  places
    .map(([x, y], n) => (n === 0 ? `M${x} ${y}` : `H${x}V${y}`))
    .join('')
    .concat(end !== undefined && places.length > 0 ? `H${end}` : '');

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
