// Scenes to begin with, chosen by `?scenario=`: each is a state that the window must show well.

import type { MachineView, SessionDraft } from '../bindings';
import { exchange, idea, offer, replyText } from './advisor';
import { DEFAULTS, type Config } from './engine';
import { DENIED, ESTIMATED, NO_CONNECTION, WITH_GPU, WITH_PLUG } from './machine';
import { options } from './options';
import { interval, keep, trials, byDefault, type Kept } from './session';
import { addRepeat, begin, finish } from './trial';
import { BUILT_IN } from './templates';
import { failed, stuck } from './troubled';
import { undone } from './undoing';

export interface Scene {
  machine: MachineView;
  sessions: Kept[];
  advisorModels: boolean;
  startRunning: boolean;
  pace: number;
}

const ago = (days: number, hours = 0) =>
  new Date(Date.now() - days * 86_400_000 - hours * 3_600_000).toISOString();

function measureNow(s: Kept, config: Config, origin: string, predicted: number | null = null) {
  const trial = begin(s, config, origin, predicted);
  for (let repeat = 0; repeat < trial.repeatsPlanned; repeat++) addRepeat(s, trial);
  finish(s, trial);
  return trial;
}

/** One finished turn: feedback sent, exchange, proposal, trial. */
function turn(s: Kept): void {
  const found = idea(s);
  if (!found) return;
  for (const item of s.story) if (item.item === 'feedback') item.sent = true;
  exchange(s, BUILT_IN, 'accepted', replyText(found, s.gpu));
  const proposal = offer(
    s,
    found.config,
    'Qwen 1.5B, from a list of 5',
    found.reason,
    found.why,
    true,
  );
  const item = s.story.at(-1);
  if (item?.item === 'proposal') item.status = 'taken';
  measureNow(s, found.config, proposal.advisor, proposal.predicted);
}

function session(
  id: string,
  created: string,
  machine: MachineView,
  turns: number,
  change: Partial<SessionDraft> = {},
): Kept {
  const s = keep(
    id,
    { ...options(machine.measured, true).draft, threshold: '20%', ...change },
    machine,
    created,
  );
  if (turns >= 0) measureNow(s, DEFAULTS, 'default');
  for (let n = 0; n < turns; n++) turn(s);
  return s;
}

function confirmed(s: Kept): Kept {
  const lead = trials(s)
    .filter((t) => t.verdict.kind === 'better')
    .sort((a, b) => (a.joulesPerUnit?.mean ?? 1) - (b.joulesPerUnit?.mean ?? 1))[0];
  const ratio = (lead?.joulesPerUnit?.mean ?? 1) / (byDefault(s)?.joulesPerUnit?.mean ?? 1);
  const around = interval([ratio, ratio, ratio, ratio, ratio]);
  s.judged.add(lead?.number ?? 0);
  s.story.push({
    item: 'confirmation',
    id: `${s.id}-c`,
    trialNumber: lead?.number ?? 0,
    pairs: 5,
    pairsPlanned: 5,
    decided: true,
    below: true,
    word: 'confirmed',
    discarded: [],
    attempt: '',
    change: '',
    range: '',
    ratio: around,
    text: `Confirmed: trial ${lead?.number} is below the goal. It uses ${((1 - ratio) * 100).toFixed(1)} % less energy per token than the default.`,
  });
  s.ending = 'threshold reached';
  return s;
}

const older = (machine: MachineView) => [
  confirmed(session('s-batch', ago(1, 2), machine, 4, { workload: 'batch', modelPath: 'qwen' })),
  session('s-code', ago(3), machine, 1, {
    name: 'Qwen 1.5B · code',
    workload: 'single',
    modelPath: 'qwen',
  }),
];

/** A session whose default was measured beside a build that ended meanwhile. */
function changed(s: Kept): Kept {
  const old = trials(s).filter((trial) => trial.origin !== 'default');
  for (const trial of old) {
    trial.stale = true;
    trial.verdict = {
      kind: 'none',
      text: 'measured before the machine changed: not compared',
      savingPercent: null,
    };
    const seen = trial.joulesPerUnit;
    if (seen)
      trial.joulesPerUnit = {
        ...seen,
        mean: seen.mean * 6,
        low: seen.low * 5,
        high: seen.high * 7,
      };
  }
  const text = `The machine changed: 2 fresh windows of the default needed 83.4 % less energy per token than those before. Goal, best and verdicts rest on the fresh ones from here on. ${old.length} trials from before are shown but not compared, and do not count against the budget.`;
  s.changes = [{ afterTrial: trials(s).length, text }];
  s.story.push({
    item: 'machine',
    id: `${s.id}-change`,
    title: 'The machine changed',
    text,
  });
  turn(s);
  return s;
}

/** A session of 500 trials, one of them wild. */
function many(s: Kept): Kept {
  s.draft.budget = 500;
  for (let n = 0; n < 499; n++) {
    const config = {
      ...DEFAULTS,
      parallel: ['1', '2', '4', '8', '16'][n % 5] ?? '4',
      ubatch: ['64', '128', '256', '512'][n % 4] ?? '512',
      threads: n % 3 === 0 ? '1' : '2',
      poll: n % 2 === 0 ? '0' : '50',
    };
    const trial = measureNow(s, config, 'surrogate');
    s.story = s.story.filter((item) => item.item !== 'feedback' || item.trialId !== trial.id);
    const one = trial.joulesPerUnit;
    if (one && n === 77) trial.joulesPerUnit = { ...one, low: one.mean / 40, high: one.mean * 30 };
  }
  return s;
}

/** A session that draws on the older ones. */
function taught(s: Kept): Kept {
  s.draft.advisor = 'guided';
  s.memory = [
    {
      sessionId: 's-batch',
      name: 'Qwen 1.5B · batch',
      differs: 'with Qwen2.5-Coder-1.5B-Instruct, the workload batch',
      weight: 0.125,
      doubts: '9 of 15 windows were disturbed',
      configurations: 5,
    },
    {
      sessionId: 's-gone',
      name: 'SmolLM2 · chat, Tuesday',
      differs: '',
      weight: 1,
      doubts: '',
      configurations: 8,
    },
  ];
  return s;
}

/** What the example that comes along is here. */
export function example(machine: MachineView): Kept {
  const s = confirmed(
    session('s-example', ago(40), machine, 4, { name: 'Example: SmolLM2, chat' }),
  );
  s.draft = { ...s.draft, connection: NO_CONNECTION, advisor: 'surrogate' };
  s.example = true;
  return s;
}

/** What a session's file holds here: measured elsewhere, on the same work. */
export function brought(machine: MachineView): Kept {
  const s = confirmed(session('s-brought', ago(9), machine, 4, { name: 'SmolLM2 · laptop' }));
  s.importedAt = ago(0);
  return s;
}

/** Builds the scene of that name; unknown names give the lively one. */
export function scene(name: string, pace: number): Scene {
  const base = { machine: ESTIMATED, advisorModels: true, startRunning: false, pace };
  const now = (turns: number, change: Partial<SessionDraft> = {}) =>
    session('s-chat', ago(0, 1), ESTIMATED, turns, change);
  const openai = {
    ...NO_CONNECTION,
    kind: 'openai',
    model: 'gpt-4o-mini',
    baseUrl: 'https://api.example.com/v1',
  };
  switch (name) {
    case 'first-run':
      return { ...base, sessions: [] };
    case 'no-advisor':
      return { ...base, sessions: [], advisorModels: false };
    case 'many':
      return { ...base, sessions: [many(now(0)), ...older(ESTIMATED)] };
    case 'crossed':
      return { ...base, sessions: [now(2, { threshold: '10%' }), ...older(ESTIMATED)] };
    case 'empty':
      return { ...base, sessions: [now(-1)] };
    case 'busy': {
      const s = now(-1);
      s.busy = true;
      return { ...base, sessions: [s] };
    }
    case 'changed':
      return { ...base, sessions: [changed(now(3)), ...older(ESTIMATED)] };
    case 'running':
    case 'again':
      return {
        ...base,
        sessions: [now(3), ...older(ESTIMATED)],
        startRunning: true,
        pace: pace * 10,
      };
    case 'stuck':
      return { ...base, sessions: [stuck(now(2, { advisor: 'enhanced' })), ...older(ESTIMATED)] };
    case 'failed':
      return { ...base, sessions: [failed(now(2)), ...older(ESTIMATED)] };
    case 'ended':
      return { ...base, sessions: [confirmed(now(4)), ...older(ESTIMATED)] };
    case 'undone':
      return { ...base, sessions: [undone(confirmed(now(4))), ...older(ESTIMATED)] };
    case 'imported':
      return { ...base, sessions: [brought(ESTIMATED), ...older(ESTIMATED)] };
    case 'paste':
      return {
        ...base,
        sessions: [
          now(1, { connection: { ...NO_CONNECTION, kind: 'paste' } }),
          ...older(ESTIMATED),
        ],
      };
    case 'beside': {
      // A trial runs, and the chat model is elsewhere.
      const s = now(3, { connection: openai });
      s.consent = true;
      return { ...base, sessions: [s, ...older(ESTIMATED)], startRunning: true, pace: pace * 10 };
    }
    case 'consent':
      return { ...base, sessions: [now(1, { connection: openai }), ...older(ESTIMATED)] };
    case 'taught':
      return { ...base, sessions: [taught(now(2)), ...older(ESTIMATED)] };
    case 'rapl-denied':
      return { ...base, machine: DENIED, sessions: [] };
    case 'plug':
      return { ...base, machine: WITH_PLUG, sessions: [] };
    case 'measured-gpu': {
      const gpu = session('s-gpu', ago(0, 1), WITH_GPU, 3, { name: 'Qwen 1.5B · RTX 4090' });
      return {
        ...base,
        machine: WITH_GPU,
        sessions: [gpu, session('s-gpu-old', ago(4), WITH_GPU, 2), ...older(ESTIMATED)],
      };
    }
    default:
      return { ...base, sessions: [now(2), ...older(ESTIMATED)] };
  }
}
