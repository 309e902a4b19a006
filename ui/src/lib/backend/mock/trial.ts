// A pretended trial: begun, filled window by window, ended.

import type { PowerSeries, TrialItem } from '../bindings';
import { BackendError } from '../error';
import { commandLine, DEFAULTS, diff, truth, window, type Config } from './engine';
import { NOTHING } from './said';
import { byDefault, freshId, interval, trials, verdict, type Kept } from './session';

export function begin(
  s: Kept,
  config: Config,
  origin: string,
  predicted: number | null,
): TrialItem {
  const id = freshId(s, 'trial');
  s.configs.set(id, config);
  const item: TrialItem = {
    id,
    number: trials(s).length + 1,
    origin,
    state: 'running',
    message: '',
    knobs: diff(DEFAULTS, config, {}, s.draft.tuned),
    joulesPerUnit: null,
    net: null,
    estimateEnds: null,
    tokensPerSecond: null,
    ttftP50S: null,
    ttftP95S: null,
    energyJ: 0,
    repeats: [],
    repeatsPlanned: s.draft.repeats,
    attempt: '',
    said: NOTHING,
    repeatsNote: '',
    discarded: [],
    verdict: { kind: 'none', text: '', savingPercent: null },
    stale: false,
    violations: [],
    predicted,
    differences: [],
    warnings: [],
    commandLine: commandLine(config),
    cpuBusy: null,
    cpuTaken: null,
    phases: null,
    pictureFacts: [],
    picturesKept: 0,
    beside: [],
    conditions: [],
  };
  s.story.push({ item: 'trial', ...item });
  return trialIn(s, id);
}

/** The stored trial itself, to be changed in place. */
export function trialIn(s: Kept, id: string): TrialItem {
  const found = trials(s).find((trial) => trial.id === id);
  if (!found) throw new Error('This trial does not exist.');
  return found;
}

export function addRepeat(s: Kept, trial: TrialItem): void {
  const config = s.configs.get(trial.id) ?? DEFAULTS;
  const one = window(config, s.gpu, s.draft.quick, s.chance);
  trial.repeats.push({
    index: trial.repeats.length + 1,
    joulesPerUnit: one.joulesPerUnit,
    windowS: one.windowS,
    tokensPerSecond: one.tokensPerSecond,
    warnings: [],
  });
  trial.energyJ += one.joulesPerUnit * one.tokens * 1.25;
  const values = trial.repeats.map((repeat) => repeat.joulesPerUnit);
  trial.joulesPerUnit = interval(values);
  trial.tokensPerSecond =
    trial.repeats.reduce((sum, r) => sum + r.tokensPerSecond, 0) / trial.repeats.length;
}

export function finish(s: Kept, trial: TrialItem): void {
  const config = s.configs.get(trial.id) ?? DEFAULTS;
  trial.state = 'complete';
  const mean = trial.joulesPerUnit?.mean ?? 0;
  if (s.gpu) trial.net = interval(trial.repeats.map((r) => r.joulesPerUnit * 0.79));
  else trial.estimateEnds = [mean * 0.71, mean * 1.34];
  trial.ttftP50S =
    (Number(config.parallel) >= 8 ? 0.21 : 0.46) * (config.threads === '1' ? 1.5 : 1);
  trial.ttftP95S = trial.ttftP50S * 1.8;
  trial.cpuBusy = s.gpu ? 0.07 : config.threads === '1' ? 0.52 : 0.98;
  if (s.gpu) aside(trial, mean);
  if (Number(config.parallel) === 16)
    trial.warnings.push(
      'Another program used 9 % of the processor during repeat 2. Close it, or measure again.',
    );
  if (s.draft.quick)
    trial.warnings.push('Quick mode: the windows were shorter than measuring well needs.');
  if (config['flash-attn'] === 'auto' && trial.number === 1)
    trial.differences.push('flash-attn: asked auto, the engine uses on');
  const least = s.draft.minTokensPerSecond;
  if (least !== null && (trial.tokensPerSecond ?? 0) < least)
    trial.violations.push(
      `${(trial.tokensPerSecond ?? 0).toFixed(0)} tokens/s is below your limit of ${least}`,
    );
  const reference = byDefault(s);
  trial.verdict = verdict(trial, config, trial.origin === 'default' ? trial : reference);
  feedback(s, trial, config);
}

/** What a GPU, its driver and a plug tell beside the figure. */
function aside(trial: TrialItem, mean: number): void {
  trial.phases = { prefill: mean * 0.062, decode: mean * 0.91 };
  trial.beside = [
    {
      device: 'desk plug',
      scope: 'whole machine at the wall',
      joulesPerUnit: mean * 1.42,
      trouble: '',
      sensorError: 0.03,
    },
  ];
  trial.conditions = trial.repeats.map(({ index }) => ({
    repeat: index,
    device: 'GPU 0: NVIDIA GeForce RTX 4090',
    fromC: 51 + index,
    toC: 63 + index,
    clockMhz: 2610 - 15 * index,
    memoryClockMhz: 10501,
    busyPercent: 93 - index,
    memoryBusyPercent: 84 - 2 * index,
    powerLimitW: 450,
    pState: 2,
    throttled: trial.number === 3 && index === 2 ? ['the driver’s heat limit'] : [],
    others: trial.number === 2 ? ['firefox (4711)'] : [],
  }));
  if (trial.number === 2)
    trial.warnings.push(
      'Another program used the GPU in repeats 1 to 3: firefox (4711). Close it, or measure again.',
    );
}

function feedback(s: Kept, trial: TrialItem, config: Config): void {
  const busy =
    trial.cpuBusy === null
      ? ''
      : ` The cores were busy ${Math.round(trial.cpuBusy * 100)} % of the time${trial.cpuBusy > 0.9 ? ', so more threads cannot help' : ''}.`;
  const size = Math.abs(trial.verdict.savingPercent ?? 0).toFixed(1);
  const said: Record<string, string> = {
    reference: `The default costs ${trial.joulesPerUnit?.mean.toFixed(3)} J/token.`,
    better: `Trial ${trial.number} used ${size} % less energy per token than the default (certain).`,
    worse: `Trial ${trial.number} used ${size} % more energy per token than the default (certain).`,
    'not-decided': `Trial ${trial.number} cannot be told from the default yet (${size} % is inside the noise).`,
    'depends-on-estimate': `Whether trial ${trial.number} saves energy depends on coefficients that nobody measured here.`,
  };
  const untried = Number(config.parallel) < 8 ? 'more parallel slots' : 'micro-batch below 512';
  s.story.push({
    item: 'feedback',
    trialId: trial.id,
    trialNumber: trial.number,
    draft: `${said[trial.verdict.kind] ?? ''}${busy}\nNot tried yet: ${untried}.`,
    edit: null,
    sent: false,
  });
}

/** Watts at a moment of a trial, for the live chart. */
export function watts(s: Kept, config: Config, measuring: boolean): number {
  const full = truth(config, s.gpu).watts;
  const rest = s.gpu ? 58 : 10.4;
  return (measuring ? full : rest + (full - rest) * 0.3) * (1 + (s.chance() - 0.5) * 0.06);
}

/** Power during a window of a trial. */
export function powerOf(sessions: Kept[], trialId: string): PowerSeries[] {
  const s = sessions.find((one) => one.configs.has(trialId));
  if (!s) throw new BackendError('not-found', 'No samples of this trial are stored.');
  const atS = Array.from({ length: 120 }, (_, i) => i / 6);
  const config = s.configs.get(trialId) ?? DEFAULTS;
  return [
    {
      device: s.gpu ? 'RTX 4090' : 'CPU',
      atS,
      watts: atS.map((at) => watts(s, config, at > 1)),
    },
  ];
}
