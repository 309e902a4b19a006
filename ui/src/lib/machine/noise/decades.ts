// Marks of a logarithmic axis.

/** 1, 2 and 5 of each power of ten from below `low` to above `high`. */
export function decades(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const all = Array.from({ length: last - first + 1 }, (_, n) =>
    [1, 2, 5].map((step) => Number((step * 10 ** (first + n)).toPrecision(1))),
  ).flat();
  const from = all.findLastIndex((mark) => mark <= low * (1 + 1e-9));
  const to = all.findIndex((mark) => mark >= high * (1 - 1e-9));
  return all.slice(Math.max(0, from), to < 0 ? undefined : to + 1);
}
