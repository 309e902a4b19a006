// The view across pretended sessions.

import type { OverviewLine } from '../bindings';
import { best, summary } from './outcome';
import { byDefault, trials, view, type Kept } from './session';

/** Sessions that may be compared share a line; others never do. */
export function overview(all: Kept[]): OverviewLine[] {
  const lines = new Map<string, OverviewLine>();
  for (const s of [...all].reverse().filter((one) => !one.example)) {
    const defaultInterval = byDefault(s)?.joulesPerUnit;
    if (!defaultInterval) continue;
    const shown = view(s);
    const label = [shown.chips[1], shown.chips[2], shown.scope].join(' · ');
    const line = lines.get(label) ?? {
      label,
      unit: shown.unit,
      estimated: shown.estimated,
      points: [],
    };
    const lead = best(s);
    const bestInterval = trials(s).find((t) => t.id === lead?.trialId)?.joulesPerUnit ?? null;
    line.points.push({
      sessionId: s.id,
      name: s.name,
      createdAt: s.createdAt,
      defaultInterval,
      bestInterval,
      verdict: summary(s).verdict,
      outcome: summary(s).outcome,
      imported: s.importedAt !== undefined,
      advisor: s.draft.advisor,
      engine: 'llama-server',
      machine: shown.estimated ? 'AMD Ryzen 9 7900' : 'AMD Ryzen 9 7900 + NVIDIA RTX 4090',
      model: shown.chips[1] ?? '',
      work: shown.chips[2] ?? '',
      workHash: shown.chips[2] ?? '',
      scope: shown.scope,
      settings: changes(s, lead?.trialId),
      track: track(s, defaultInterval.mean),
    });
    lines.set(label, line);
  }
  return [...lines.values()];
}

/** What a trial changed, in words. */
function changes(s: Kept, id: string | undefined): string[] {
  const knobs = trials(s).find((t) => t.id === id)?.knobs ?? [];
  return knobs.filter((k) => k.changed).map((k) => `${k.name} ${k.from} → ${k.to}`);
}

/** Best so far in per cent of the default, trial by trial. */
function track(s: Kept, reference: number): number[] {
  let least = 100;
  return trials(s)
    .filter((t) => t.state === 'complete' && !t.stale)
    .map(
      (t) => (least = Math.min(least, ((t.joulesPerUnit?.mean ?? reference) / reference) * 100)),
    );
}
