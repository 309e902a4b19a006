// How long a phase has taken, and whether that is still normal.

import type { PhaseKind, PhaseView } from '$lib/backend';
import { duration } from '$lib/format/time';

export interface Pace {
  /** Seconds since it began. */
  elapsed: number;
  /** Seconds left, where that can be said. */
  left: number | null;
  /** What to know and do when it takes more than twice as long as expected; else empty. */
  overdue: string;
}

const ADVICE: Partial<Record<PhaseKind, string>> = {
  'waiting-for-lock':
    'Another Wattsmith, perhaps in a terminal, is measuring. Let it finish or end it there.',
  'waiting-for-quiet': 'Close other programs, or cancel and measure all the same.',
  'waiting-for-hand': 'Set your server as asked, start it again if it needs that, then continue.',
  'setting-gpu':
    'A dialog may be waiting for an administrator’s password, perhaps behind this window. Closing it goes on without the GPU’s own settings.',
  'loading-engine': 'The disk may be busy, or the model does not fit into memory.',
  asking:
    'The server may be loaded. Cancelling loses nothing: you can ask again or take a numeric proposal.',
  downloading: 'The network may be slow. Cancelling loses nothing: what has come is kept.',
  studying: 'Methods that ask a chat model wait for each of its answers.',
  'loading-advisor': 'The disk may be busy, or the model does not fit into memory.',
  'stopping-engine': 'The engine does not react; it will be ended by force.',
};

/** Seconds after which a step that nobody can predict deserves a word. */
const LONG_S = 60;

/** Reads the clock of a phase. */
export function paceOf(phase: PhaseView, nowMs: number): Pace {
  const elapsed = Math.max(0, (nowMs - phase.startedAtMs) / 1000);
  const { expectedS: expected, progress } = phase;
  const moving = progress !== null && progress >= 0.05;
  const late = expected !== null && elapsed > 2 * expected && elapsed > 3;
  const advice =
    ADVICE[phase.kind] ??
    'Other programs may be using the machine. You can wait or cancel; finished repeats are kept.';
  const planned = expected === null || late ? null : Math.max(0, expected - elapsed);
  let overdue = '';
  if (late)
    overdue = `Slower than expected: this usually takes about ${duration(expected)}. ${advice}`;
  else if (expected === null && !moving && elapsed > LONG_S)
    overdue = `This has taken ${duration(elapsed)}, and nobody can say how long it takes. ${advice}`;
  // What is done already tells more than what was expected.
  return { elapsed, left: moving ? (elapsed * (1 - progress)) / progress : planned, overdue };
}
