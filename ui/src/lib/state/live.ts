// Live events of one session, folded into what the screen draws. Pure, so that it is easy to test.

import type { LiveEvent, PhaseView } from '$lib/backend';

/** What arrives between two readings of a session. */
export interface Live {
  phase: PhaseView | null;
  /** Seconds since the trial began, and watts. */
  atS: number[];
  watts: number[];
  /** Measuring windows, from and to in the same seconds; the last one may still be open. */
  windows: [number, number | null][];
  /** The reply with a proposal, as far as it has come. */
  reply: string;
  /** Answers to the person's questions as far as they have come, by exchange. */
  answers: Record<string, string>;
  /** Why the last job ended, if it ended badly. */
  failure: string;
}

/** More points than a chart is wide help nobody; older ones are thinned beyond this. */
export const POINTS_MAX = 900;

export const quiet = (): Live => ({
  phase: null,
  atS: [],
  watts: [],
  windows: [],
  reply: '',
  answers: {},
  failure: '',
});

/** Keeps the least and the greatest of every four points, so that peaks stay. */
export function thin(atS: number[], watts: number[]): [number[], number[]] {
  const at: number[] = [];
  const w: number[] = [];
  for (let from = 0; from < watts.length; from += 4) {
    const part = watts.slice(from, from + 4);
    const low = part.indexOf(Math.min(...part));
    const high = part.indexOf(Math.max(...part));
    for (const index of [...new Set([Math.min(low, high), Math.max(low, high)])]) {
      at.push(atS[from + index] ?? 0);
      w.push(part[index] ?? 0);
    }
  }
  return [at, w];
}

const WORKING = new Set([
  'setting-gpu',
  'loading-engine',
  'warming-up',
  'measuring-idle',
  'cooling-down',
  'measuring',
  'stopping-engine',
]);

/** What a window can begin with; the GPU is set only where it is tuned. */
const BEGINNING = new Set(['setting-gpu', 'loading-engine']);

/** Opens a window when measuring begins, closes it when it ends. */
function windowsAfter(live: Live, phase: PhaseView): Live['windows'] {
  const at = live.atS.at(-1) ?? 0;
  const open = live.windows.at(-1);
  const same = live.phase?.kind === phase.kind && live.phase.startedAtMs === phase.startedAtMs;
  if (same) return live.windows;
  const closed: Live['windows'] =
    open && open[1] === null ? [...live.windows.slice(0, -1), [open[0], at]] : live.windows;
  return phase.kind === 'measuring' ? [...closed, [at, null]] : closed;
}

/** Folds one event. `changed` is not for here: it makes the store read the session again. */
export function fold(live: Live, event: LiveEvent): Live {
  switch (event.event) {
    case 'phase': {
      const asking = event.phase.kind === 'asking';
      const fresh = asking && live.phase?.kind !== 'asking';
      const began = event.phase.kind !== 'idle';
      const wasWorking = live.phase !== null && WORKING.has(live.phase.kind);
      const newTrial = BEGINNING.has(event.phase.kind) && !wasWorking;
      return {
        ...live,
        phase: event.phase,
        reply: fresh ? '' : live.reply,
        failure: began ? '' : live.failure,
        windows: windowsAfter(live, event.phase),
        ...(newTrial ? { atS: [], watts: [], windows: [] } : {}),
      };
    }
    case 'power': {
      const first = event.atS[0];
      const last = live.atS.at(-1);
      if (first === undefined) return live;
      // Time that runs backwards is a new trial's.
      const again = last !== undefined && first < last;
      let atS = again ? [...event.atS] : [...live.atS, ...event.atS];
      let watts = again ? [...event.watts] : [...live.watts, ...event.watts];
      if (atS.length > POINTS_MAX) [atS, watts] = thin(atS, watts);
      return { ...live, atS, watts, windows: again ? [] : live.windows };
    }
    case 'reply':
      return { ...live, reply: live.reply + event.text };
    case 'answer': {
      const before = live.answers[event.exchangeId] ?? '';
      return { ...live, answers: { ...live.answers, [event.exchangeId]: before + event.text } };
    }
    case 'failed':
      return { ...live, failure: event.message };
    case 'changed':
      return live;
  }
}
