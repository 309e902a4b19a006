// Any sessions beside each other, against one of them.

import type { IntervalView, OverviewLine, OverviewPoint } from '$lib/backend';

/** A session with what its line says of it. */
export interface Row extends OverviewPoint {
  unit: string;
  estimated: boolean;
}

export function rowsOf(lines: OverviewLine[]): Row[] {
  const rows = lines.flatMap((line) =>
    line.points.map((point) => ({ ...point, unit: line.unit, estimated: line.estimated })),
  );
  return rows.sort((one, other) => other.createdAt.localeCompare(one.createdAt));
}

export function bestOf(row: OverviewPoint): IntervalView {
  return row.bestInterval ?? row.defaultInterval;
}

/** Why a figure of `row` says nothing beside one of `base`; empty where it does. */
export function incomparable(row: Row, base: Row): string {
  if (row.unit !== base.unit) return `counts ${row.unit}s`;
  if (row.estimated !== base.estimated) return row.estimated ? 'estimated' : 'measured';
  if (row.scope !== base.scope) return `covers ${row.scope}`;
  return '';
}

/** What besides the settings is another one, so that a difference may come from there. */
export function otherwise(row: Row, base: Row): string[] {
  const parts: [boolean, string][] = [
    [row.workHash !== base.workHash, 'other work'],
    [row.model !== base.model, 'another model: its tokens are other pieces of text'],
    [row.engine !== base.engine, 'another server'],
    [row.machine !== base.machine, 'another machine'],
  ];
  return parts.filter(([differs]) => differs).map(([, words]) => words);
}

/** The best of `row` in per cent of the best of `base`, less 100; none where they say nothing together. 0
 *  where their intervals overlap: then no difference is to be seen. */
export function against(row: Row, base: Row): number | null {
  if (row.sessionId === base.sessionId || incomparable(row, base)) return null;
  const [one, other] = [bestOf(row), bestOf(base)];
  if (one.low <= other.high && other.low <= one.high) return 0;
  return (one.mean / other.mean - 1) * 100;
}

/** Best so far of those that may be held against `base`, in per cent of the default of `base`. */
export function scaled(rows: Row[], base: Row): OverviewLine {
  const points = rows
    .filter((row) => !incomparable(row, base))
    .map((row) => ({
      ...row,
      track: row.track.map(
        (percent) => (percent * row.defaultInterval.mean) / base.defaultInterval.mean,
      ),
    }));
  return { label: base.name, unit: base.unit, estimated: base.estimated, points };
}
