// What the charts draw of a pretended session.

import type { TrendPoint } from '../bindings';
import { figure, number, saidOf } from './said';
import { complete, type Kept } from './session';

export function trend(s: Kept): TrendPoint[] {
  let least: number | null = null;
  let leastOf = 0;
  return complete(s).flatMap((t) => {
    if (!t.joulesPerUnit) return [];
    const counts = (t.verdict.kind === 'better' || t.verdict.kind === 'reference') && !t.stale;
    if (counts && t.joulesPerUnit.mean < (least ?? Infinity))
      [least, leastOf] = [t.joulesPerUnit.mean, t.number];
    return [
      {
        trialId: t.id,
        number: t.number,
        joulesPerUnit: t.joulesPerUnit,
        figure: figure(t.joulesPerUnit),
        change: saidOf(s, t).change,
        tokensPerSecond: t.tokensPerSecond ?? 0,
        speed: `${number(t.tokensPerSecond ?? 0)} tokens/s`,
        bestSoFar: t.stale ? null : least,
        bestSoFarTrial: t.stale ? 0 : leastOf,
        verdict: t.verdict.kind,
        predicted: t.predicted,
        stale: t.stale,
      },
    ];
  });
}
