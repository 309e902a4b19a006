// The core's words for figures, pretended: the same rules as its `stats::said`.

import type {
  AnswerView,
  BarView,
  ConfirmationItem,
  CostsView,
  IntervalView,
  TrialItem,
  TrialSaid,
} from '../bindings';
import { best, outcome } from './outcome';
import { byDefault, complete, goalJoules, trials, type Kept } from './session';

export function number(value: number): string {
  if (value === 0) return '0';
  const power = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))));
  const decimals = 2 - power;
  return decimals < 0 ? Number(value.toPrecision(3)).toFixed(0) : value.toFixed(decimals);
}

const half = (one: IntervalView) => (one.high - one.low) / 2;
const wide = (one: IntervalView) => half(one) > 0.25 * one.mean;
const decimals = (one: IntervalView) => Math.max(0, 2 - Math.floor(Math.log10(one.mean)));

export const spread = (one: IntervalView) =>
  wide(one) ? `${number(one.low)} to ${number(one.high)}` : `± ${half(one).toFixed(decimals(one))}`;
export const mean = (one: IntervalView) => one.mean.toFixed(decimals(one));
export const figure = (one: IntervalView) =>
  wide(one) ? `${number(one.mean)} (${spread(one)})` : `${mean(one)} ${spread(one)}`;

export function change(ratio: number): string {
  const percent = (ratio - 1) * 100;
  const sign = Math.abs(percent) < 0.05 ? '±' : percent < 0 ? '\u2212' : '+';
  return `${sign}${Math.abs(percent).toFixed(1)} %`;
}
const size = (ratio: number) => `${Math.abs((1 - ratio) * 100).toFixed(1)} %`;
export function range({ low, high }: { low: number; high: number }): string {
  if (high <= 1) return `between ${size(high)} and ${size(low)} less`;
  if (low >= 1) return `between ${size(low)} and ${size(high)} more`;
  return `between ${size(low)} less and ${size(high)} more`;
}
export const joules = (value: number) =>
  value < 999.5 ? `${number(value)} J` : `${number(value / 1000)} kJ`;
const span = (seconds: number) =>
  seconds < 90 ? `${Math.max(1, seconds).toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;

export const NOTHING: TrialSaid = {
  mean: '',
  figure: '',
  error: '',
  systematic: '',
  change: '',
  range: '',
  net: '',
  ends: '',
  speed: '',
  firstToken: '',
  firstTokenLate: '',
  energy: '',
  predicted: '',
  miss: '',
};

export const lessOrMore = (ratio: number) => `${size(ratio)} ${ratio > 1 ? 'more' : 'less'}`;

/** What came against what was predicted. */
export const thanPredicted = (ratio: number) =>
  Math.abs(ratio - 1) < 0.005 ? 'as predicted' : `${lessOrMore(ratio)} than predicted`;

/** A trial's figures in words. */
export function saidOf(s: Kept, t: TrialItem): TrialSaid {
  const reference = byDefault(s)?.joulesPerUnit;
  const own = t.joulesPerUnit;
  const compared = own && reference && t.origin !== 'default' && !t.stale;
  const ratio = compared ? own.mean / reference.mean : null;
  const came = t.predicted !== null && own ? own.mean / t.predicted : null;
  return {
    mean: own ? mean(own) : '',
    figure: own ? figure(own) : '',
    error: own ? spread(own) : '',
    systematic: s.gpu ? '± 5 %' : '± 50 %',
    change: ratio ? change(ratio) : '',
    range: ratio ? range({ low: ratio * 0.95, high: ratio * 1.05 }) : '',
    net: t.net ? `${figure(t.net)} J/token` : '',
    ends: t.estimateEnds
      ? `${number(t.estimateEnds[0])} to ${number(t.estimateEnds[1])} J/token`
      : '',
    speed: t.tokensPerSecond === null ? '' : `${number(t.tokensPerSecond)} tokens/s`,
    firstToken: t.ttftP50S === null ? '' : `${number(t.ttftP50S)} s`,
    firstTokenLate: t.ttftP95S === null ? '' : `${number(t.ttftP95S)} s`,
    energy: joules(t.energyJ),
    predicted: t.predicted === null ? '' : `${number(t.predicted)} J/token`,
    miss: came === null ? '' : thanPredicted(came),
  };
}

/** What stands first. */
export function answer(s: Kept): AnswerView {
  const lead = best(s);
  const reference = byDefault(s);
  const own = complete(s).find((t) => t.id === lead?.trialId);
  const estimate = s.gpu ? '' : ', estimated';
  const came = outcome(s);
  const judged = s.story.findLast(
    (i) => i.item === 'confirmation' && i.trialNumber === own?.number && i.ratio !== null,
  );
  const fresh = judged?.item === 'confirmation' ? judged : null;
  const searched =
    own?.joulesPerUnit && reference?.joulesPerUnit
      ? own.joulesPerUnit.mean / reference.joulesPerUnit.mean
      : null;
  const ratio =
    fresh?.ratio ??
    (searched ? { mean: searched, low: searched * 0.95, high: searched * 1.05, n: 3 } : null);
  const bars: BarView[] = [];
  if (reference?.joulesPerUnit) {
    bars.push({
      kind: 'default',
      name: 'default',
      percent: 100,
      low: null,
      high: null,
      figure: `${figure(reference.joulesPerUnit)} J/token`,
    });
    if (own?.joulesPerUnit && ratio)
      bars.push({
        kind: 'best',
        name: `trial ${own.number}`,
        percent: ratio.mean * 100,
        low: ratio.low * 100,
        high: ratio.high * 100,
        figure: `${figure(own.joulesPerUnit)} J/token`,
      });
    const goal = goalJoules(s);
    if (goal !== null)
      bars.push({
        kind: 'goal',
        name: 'goal',
        percent: (goal / reference.joulesPerUnit.mean) * 100,
        low: null,
        high: null,
        figure: `${number(goal)} J/token`,
      });
  }
  const defaultSpeed = reference?.tokensPerSecond ?? null;
  const spent = trials(s).reduce((sum, t) => sum + t.energyJ, 0);
  const saved = own && lead?.confirmed ? (reference?.joulesPerUnit?.mean ?? 0) * 0.2 : 0;
  const headline = ratio
    ? came.confirmed
      ? `${change(ratio.mean)} energy per token${estimate}`
      : `${change(ratio.mean)} seen${estimate}`
    : trials(s).some((t) => t.state === 'complete' && t.origin !== 'default')
      ? 'No saving found'
      : reference?.joulesPerUnit
        ? `${number(reference.joulesPerUnit.mean)} J/token as it comes${estimate}`
        : 'Nothing is measured yet';
  return {
    headline,
    sure: ratio
      ? came.confirmed
        ? 'certain'
        : came.word === 'not confirmed'
          ? 'not confirmed: not certain yet'
          : came.word
      : reference?.joulesPerUnit
        ? came.word
        : '',
    sentence: ratio
      ? came.confirmed
        ? `Trial ${own?.number}: ${range(ratio)}, from ${fresh?.pairs ?? 5} fresh pairs.`
        : `Trial ${own?.number}: ${range(ratio)}. ${came.why}`
      : '',
    verdict: came.verdict,
    bars,
    speed: own?.tokensPerSecond
      ? `${number(own.tokensPerSecond)} tokens/s`
      : defaultSpeed
        ? `${number(defaultSpeed)} tokens/s`
        : '',
    speedNote:
      own?.tokensPerSecond && defaultSpeed
        ? `default ${number(defaultSpeed)} tokens/s, ${change(own.tokensPerSecond / defaultSpeed)}`
        : defaultSpeed
          ? 'the default'
          : '',
    systematic: reference?.joulesPerUnit ? (s.gpu ? '± 5 %' : '± 50 %') : '',
    paidBack:
      saved > 0
        ? `The search has paid for itself after ${number(spent / saved / 1000)} thousand tokens.`
        : '',
    spent: joules(spent),
  };
}

/** What the steps are going to take. */
export function costs(s: Kept): CostsView {
  const windows = trials(s).flatMap((t) => t.repeats);
  if (windows.length === 0) return { window: '', trial: '', confirm: '', rest: '' };
  const seconds = windows.reduce((sum, w) => sum + w.windowS + 9, 0) / windows.length;
  const each = trials(s).reduce((sum, t) => sum + t.energyJ, 0) / windows.length;
  const about = (n: number) => `about ${span(seconds * n)}, ${joules(each * n)}`;
  const left = s.draft.budget - Math.max(0, trials(s).length - 1);
  return {
    window: about(1),
    trial: about(s.draft.repeats),
    confirm: `${span(seconds * 10)} to ${span(seconds * 40)}, ${joules(each * 10)} to ${joules(each * 40)}`,
    rest: left > 0 ? about(s.draft.repeats * left) : '',
  };
}

/** A confirmation's change and its interval, in words. */
export const freshWords = (item: Pick<ConfirmationItem, 'ratio'>) => ({
  change: item.ratio ? change(item.ratio.mean) : '',
  range: item.ratio ? range(item.ratio) : '',
});
