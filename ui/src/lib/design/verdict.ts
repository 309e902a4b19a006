// One look for each kind of verdict, in words, shape and colour, never colour alone.

import type { VerdictKind } from '$lib/backend';

/** Class of a pill. */
export const TONE: Record<VerdictKind, 'good' | 'open' | 'bad' | 'info' | 'plain'> = {
  reference: 'plain',
  better: 'good',
  worse: 'bad',
  'not-decided': 'open',
  'depends-on-estimate': 'open',
  none: 'plain',
};

/** A sign that says the same without colour. */
export const SIGN: Record<VerdictKind, string> = {
  reference: '●',
  better: '▼',
  worse: '▲',
  'not-decided': '◌',
  'depends-on-estimate': '◇',
  none: '–',
};

/** Whether a figure is settled: hollow marks are not. */
export const settled = (kind: VerdictKind) =>
  kind === 'better' || kind === 'worse' || kind === 'reference';
