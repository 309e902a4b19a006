// Numbers as people read them: three significant digits, a real minus, a narrow no-break space
// before the unit. Independent of the locale, so that a screen and a report say the same.

/** Narrow no-break space: between a number and its unit, and between groups of three digits. */
export const THIN = '\u202f';
const MINUS = '\u2212';

/** Adds thin spaces between thousands from 10 000 upwards and a real minus sign. */
function dress(plain: string): string {
  const negative = plain.startsWith('-');
  const [whole = '', fraction] = (negative ? plain.slice(1) : plain).split('.');
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  const body = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  const zero = /^[0.]*$/.test(body.replaceAll(THIN, ''));
  return negative && !zero ? MINUS + body : body;
}

/** How many decimals show `value` with `digits` significant digits. */
export function decimalsFor(value: number, digits = 3): number {
  if (value === 0 || !Number.isFinite(value)) return 0;
  const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  return Math.max(0, digits - 1 - magnitude);
}

/** `value` with a fixed number of decimals. */
export function fixed(value: number, decimals: number): string {
  return Number.isFinite(value) ? dress(value.toFixed(decimals)) : '–';
}

/** `value` with three significant digits: 0.228, 113, 12 345. */
export function figure(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  if (Math.abs(value) >= 10 ** digits) return dress(Number(value.toPrecision(digits)).toFixed(0));
  return dress(value.toFixed(decimalsFor(value, digits)));
}

/** A figure and its unit. */
export function withUnit(value: number, unit: string): string {
  return `${figure(value)}${THIN}${unit}`;
}

/** A change in per cent with its sign: "−18.6 %", "+4.20 %". */
export function change(percent: number): string {
  const text = figure(percent);
  return `${percent > 0 ? '+' : ''}${text}${THIN}%`;
}

/** A fraction of one as per cent without decimals: "82 %". */
export function share(fraction: number): string {
  return `${fixed(fraction * 100, 0)}${THIN}%`;
}

const SCALES: [number, string][] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
];

/** Joules with the prefix that keeps them short: 1.40 kJ. */
export function energy(joules: number): string {
  const [size, prefix] = SCALES.find(([limit]) => Math.abs(joules) >= limit * 0.9995) ?? [1, ''];
  return withUnit(joules / size, `${prefix}J`);
}

/** A whole number in words where it is large: 850, 12 400, 1.2 million. */
export function count(value: number): string {
  if (Math.abs(value) >= 1e9) return `${figure(value / 1e9, 2)}${THIN}billion`;
  if (Math.abs(value) >= 1e6) return `${figure(value / 1e6, 2)}${THIN}million`;
  return Math.abs(value) < 1e4 ? fixed(value, 0) : figure(value);
}

/** An interval as mean and half width with the same decimals: ["0.228", "0.009"]. */
export function plusMinus(interval: { mean: number; low: number; high: number }): [string, string] {
  const half = (interval.high - interval.low) / 2;
  const decimals = decimalsFor(interval.mean);
  const shown = Number(half.toFixed(decimals)) === 0 && half > 0 ? decimals + 1 : decimals;
  return [fixed(interval.mean, decimals), fixed(half, shown)];
}

/** An interval beside its mean: "±0.009", or its ends where it is wide and so lopsided. */
export function around(interval: { mean: number; low: number; high: number }): string {
  const half = (interval.high - interval.low) / 2;
  if (half <= 0.25 * interval.mean) return `±${THIN}${plusMinus(interval)[1]}`;
  return `${figure(interval.low)} to ${figure(interval.high)}`;
}

/** Mean and interval in one: "0.228 ±0.009", "0.228 (0.110 to 0.470)". */
export function meanAround(interval: { mean: number; low: number; high: number }): string {
  const beside = around(interval);
  const mean = plusMinus(interval)[0];
  return beside.startsWith('±') ? `${mean} ${beside}` : `${mean} (${beside})`;
}

/** The geometric mean of positive figures; `null` for none. */
export function geometricMean(values: number[]): number | null {
  if (values.length === 0) return null;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** An amount in the currency of the person's own prices: cents and, where they are few, parts of one. */
export const money = (amount: number): string =>
  dress(amount.toFixed(amount !== 0 && Math.abs(amount) < 1 ? 4 : 2));
