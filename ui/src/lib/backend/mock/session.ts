// A pretended session: what is kept of it, and the view that the core would make from that.

import type {
  IntervalView,
  MachineView,
  NextStep,
  PhaseView,
  SessionDraft,
  SessionView,
  StoryItem,
  TrialItem,
  VerdictView,
} from '../bindings';
import { chance, type Chance } from './chance';
import { best, outcome } from './outcome';
import { DEFAULTS, PARAMETERS, type Config } from './engine';
import { CONNECTIONS, isRemote } from './machine';
import { foretold } from './foretold';
import { answer, costs, freshWords, saidOf } from './said';
import { trend } from './trend';
import { offer } from './undoing';

const SPREAD = 0.045; // pooled deviation of log J/token that intervals are drawn with
const IDLE: PhaseView = {
  kind: 'idle',
  label: 'Idle',
  detail: '',
  startedAtMs: 0,
  expectedS: null,
  progress: null,
};

/** What the simulation keeps of a session. */
export interface Kept {
  id: string;
  name: string;
  note?: string;
  /** Whether it is the example that comes along. */
  example?: boolean;
  /** When it came from a file. */
  importedAt?: string;
  createdAt: string;
  draft: SessionDraft;
  machine: MachineView;
  gpu: boolean;
  story: StoryItem[];
  configs: Map<string, Config>;
  phase: PhaseView;
  autopilot: boolean;
  pausing: boolean;
  consent: boolean;
  stuck: string | null;
  ending: string | null;
  judged: Set<number>;
  asked: number;
  chance: Chance;
  ids: number;
  memory: SessionView['memory'];
  /** Load that waits for the person's choice. */
  load: string | null;
  /** Whether a look at the load is still to come. */
  busy: boolean;
  changes: SessionView['changes'];
}

export function keep(
  id: string,
  draft: SessionDraft,
  machine: MachineView,
  createdAt: string,
): Kept {
  const model = /qwen/i.test(draft.modelPath) ? 'Qwen 1.5B' : 'SmolLM2';
  return {
    id,
    name: draft.name || `${model} · ${draft.workFile.split('/').at(-1) || draft.workload}`,
    createdAt,
    draft,
    machine,
    gpu: machine.measured,
    story: [],
    configs: new Map(),
    phase: IDLE,
    autopilot: false,
    pausing: false,
    consent: !isRemote(draft.connection.kind),
    stuck: null,
    ending: null,
    judged: new Set(),
    asked: 0,
    chance: chance(41 + id.length),
    ids: 0,
    memory: [],
    load: null,
    busy: false,
    changes: [],
  };
}

export const idle = () => ({ ...IDLE });
export const freshId = (s: Kept, kind: string) => `${s.id}-${kind}-${++s.ids}`;
export const trials = (s: Kept) => s.story.filter((item) => item.item === 'trial');
export const complete = (s: Kept) => trials(s).filter((trial) => trial.state === 'complete');
export const byDefault = (s: Kept) => complete(s).find((trial) => trial.origin === 'default');

export function interval(values: number[]): IntervalView | null {
  if (values.length === 0) return null;
  const mean = Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
  const wide = Math.exp((1.96 * SPREAD) / Math.sqrt(values.length));
  return { mean, low: mean / wide, high: mean * wide, n: values.length };
}

export function verdict(
  trial: TrialItem,
  config: Config,
  reference: TrialItem | undefined,
): VerdictView {
  const [mine, theirs] = [trial.joulesPerUnit, reference?.joulesPerUnit];
  if (!mine) return { kind: 'none', text: 'no figure', savingPercent: null };
  if (!theirs || !reference || reference.id === trial.id)
    return {
      kind: 'reference',
      text: 'the default: everything is compared with it',
      savingPercent: null,
    };
  const ratio = mine.mean / theirs.mean;
  const wide = Math.exp(1.96 * SPREAD * Math.sqrt(1 / mine.n + 1 / theirs.n));
  const savingPercent = (1 - ratio) * 100;
  const size = Math.abs(savingPercent).toFixed(1);
  if (trial.estimateEnds && config.threads !== DEFAULTS.threads)
    return { kind: 'depends-on-estimate', text: 'depends on the estimate', savingPercent };
  if (ratio * wide < 1)
    return {
      kind: 'better',
      text: `better: ${size} % less than the default, outside the noise`,
      savingPercent,
    };
  if (ratio / wide > 1)
    return {
      kind: 'worse',
      text: `worse: ${size} % more than the default, outside the noise`,
      savingPercent,
    };
  return {
    kind: 'not-decided',
    text: 'not decided (about 140 s more would decide it): 1.2 % less was seen, inside the noise',
    savingPercent,
  };
}

export function goalJoules(s: Kept): number | null {
  const reference = byDefault(s)?.joulesPerUnit;
  const text = s.draft.threshold.trim();
  if (/j$/i.test(text)) return Number.parseFloat(text);
  return reference ? reference.mean * (1 - Number.parseFloat(text) / 100) : null;
}

function next(s: Kept): NextStep {
  if (s.phase.kind !== 'idle') return { step: 'busy' };
  if (s.ending) return { step: 'ended', ending: s.ending };
  if (!byDefault(s))
    return s.load === null ? { step: 'measure-default' } : { step: 'busy-machine', load: s.load };
  const goal = goalJoules(s);
  const crossing = complete(s).find(
    (t) =>
      t.verdict.kind === 'better' &&
      (t.joulesPerUnit?.mean ?? 9) <= (goal ?? 0) &&
      !s.judged.has(t.number),
  );
  if (crossing) return { step: 'confirm', trialNumber: crossing.number };
  const offered = s.story.find((item) => item.item === 'proposal' && item.status === 'offered');
  if (offered) return { step: 'decide', proposalId: offered.item === 'proposal' ? offered.id : '' };
  const waiting = s.story.find(
    (item) => item.item === 'exchange' && item.outcome === 'waiting' && !item.question,
  );
  if (waiting?.item === 'exchange')
    return { step: 'paste', exchangeId: waiting.id, prompt: waiting.prompt };
  if (s.stuck) return { step: 'stuck', reason: s.stuck };
  if (!s.consent)
    return {
      step: 'consent',
      provider: `${s.draft.connection.baseUrl}, ${s.draft.connection.model}`,
    };
  return { step: 'ask' };
}

function spending(s: Kept): SessionView['spending'] {
  const costs = s.story.flatMap((i) => (i.item === 'exchange' && i.cost !== null ? [i.cost] : []));
  const cap = s.draft.connection.spendingCap;
  if (costs.length === 0 && cap === null) return null;
  return { spent: costs.reduce((sum, cost) => sum + cost, 0), estimated: false, cap };
}

/** The story with its figures in words. */
function told(s: Kept): StoryItem[] {
  return structuredClone(s.story).map((item) => {
    if (item.item === 'trial') return { ...item, said: saidOf(s, item) };
    return item.item === 'confirmation' ? { ...item, ...freshWords(item) } : item;
  });
}

export function view(s: Kept): SessionView {
  const used = Math.max(0, trials(s).filter((t) => !t.stale).length - 1);
  const workload =
    {
      chat: s.draft.quick
        ? '32 requests · 8 at once · 16 tokens out'
        : '32 requests · 8 at once · 64 tokens out',
      batch: '64 requests · 16 at once · 128 tokens out',
      'own-file': '6 requests · 6 at once · 16 to 64 tokens out',
    }[s.draft.workload] ?? '16 requests · 1 at once · 128 tokens out';
  const goal = s.draft.threshold.endsWith('%')
    ? `${s.draft.threshold.replace('%', ' %')} below default`
    : `${s.draft.threshold.replace(/j/i, ' J')}/token`;
  const connection =
    CONNECTIONS[s.draft.connection.kind] ??
    `${s.draft.connection.model} at ${s.draft.connection.baseUrl}`;
  const spent = trials(s).reduce((sum, t) => sum + t.energyJ, 0);
  const lead = best(s);
  const saved =
    (byDefault(s)?.joulesPerUnit?.mean ?? 0) -
    (complete(s).find((t) => t.id === lead?.trialId)?.joulesPerUnit?.mean ?? 0);
  return {
    id: s.id,
    name: s.name,
    note: s.note ?? '',
    example: s.example
      ? `This is an example: a real session, measured on another machine (a pretended one, 2 cores) on ${s.createdAt.slice(0, 10)}. Nothing of yours is compared with it, and no session learns from it.`
      : '',
    imported: s.importedAt
      ? `Imported from a file on ${s.importedAt.slice(0, 10)}. It was measured on a laptop (4 cores) on ${s.createdAt.slice(0, 10)}; what is measured from here on is measured on this machine.`
      : '',
    createdAt: s.createdAt,
    chips: [
      'llama-server 86a2835',
      /qwen/i.test(s.draft.modelPath) ? 'Qwen2.5-Coder-1.5B Q4_K_M' : 'SmolLM2-135M Q4_1',
      workload,
      `goal: ${goal}`,
      `advisor: ${s.draft.advisor}${s.draft.connection.kind === 'none' ? '' : `, ${connection}`}`,
      ...(s.draft.quick ? ['quick windows'] : []),
    ],
    unit: 'token',
    rate: 'tok/s',
    awaited: 'first token',
    scope: s.machine.scope,
    estimated: !s.machine.measured,
    sensorError: s.machine.sensorError,
    quick: s.draft.quick,
    goal,
    goalJoules: goalJoules(s),
    defaultInterval: byDefault(s)?.joulesPerUnit ?? null,
    advisor: s.draft.advisor,
    connection,
    connectionDraft: structuredClone(s.draft.connection),
    plan: structuredClone(s.draft),
    spending: spending(s),
    trialsUsed: used,
    budget: s.draft.budget,
    story: told(s),
    trend: trend(s),
    importance:
      complete(s).length < 3
        ? []
        : [
            { name: 'parallel', share: 0.82 },
            { name: 'threads', share: 0.11 },
            { name: 'ubatch', share: null },
            { name: 'poll', share: null },
          ],
    parameters: PARAMETERS.filter((p) => s.draft.tuned.includes(p.name)),
    best: lead,
    besideLowest: '',
    foretold: foretold(s),
    outcome: outcome(s),
    answer: answer(s),
    costs: costs(s),
    undo: offer(s),
    changes: structuredClone(s.changes),
    phase: { ...s.phase },
    autopilot: s.autopilot,
    pausing: s.pausing,
    next: next(s),
    energySpentJ: spent,
    warnings: [],
    paysBackAfterUnits: lead?.confirmed && saved > 0 ? spent / saved : null,
    memory: structuredClone(s.memory),
    noise:
      'Repeats are taken to vary by 6.2 %, as earlier sessions on this machine did; that counts for 8 windows.',
  };
}
