// What a study finds, pretended: invented landscapes, and curves that fall the way such curves do.

import type {
  LandscapeView,
  MeanView,
  StudyArmView,
  StudyDraft,
  StudyLine,
  StudyView,
} from '../bindings';
import { chance } from './chance';

export const SPACE: LandscapeView[] = [
  {
    id: 'shipped/smollm2-chat',
    name: 'SmolLM2 135M · chat · two cores',
    shipped: true,
    trouble: '',
    facts: {
      kind: 'estimated',
      source: 'estimate',
      machine: 'Intel Xeon Processor (Sapphire Rapids), 2 cores',
      model: 'SmolLM2-135M-Instruct Q4_1',
      workload: '16 requests · 8 at once · 64 tokens out',
      engine: 'llama-server version: 9128 (86a2835)',
      recordedAt: '2026-01-15T09:00:00Z',
      noise: 0.041,
      driftPercent: 12.4,
      configurations: 48,
      goodShare: 0.064,
      defaultRank: 31,
      attainablePercent: 21.4,
      isHard: true,
      limits: ['first token within 2 s'],
    },
  },
  {
    id: 'own/workstation',
    name: 'Qwen 1.5B · batch · RTX 4090',
    shipped: false,
    trouble: '',
    facts: {
      kind: 'measured',
      source: 'nvml-counter',
      machine: 'AMD Ryzen 9 7950X, 16 cores',
      model: 'Qwen2.5-Coder-1.5B-Instruct Q4_K_M',
      workload: '64 requests · 16 at once · 128 tokens out',
      engine: 'llama-server version: 9128 (86a2835)',
      recordedAt: '2026-02-20T19:30:00Z',
      noise: 0.018,
      driftPercent: 2.1,
      configurations: 96,
      goodShare: 0.21,
      defaultRank: 12,
      attainablePercent: 14.2,
      isHard: false,
      limits: [],
    },
  },
  {
    id: 'own/half',
    name: 'half',
    shipped: false,
    trouble: 'half.json is no landscape: EOF while parsing an object at line 1 column 0.',
    facts: null,
  },
];

/** Trials that each method needs to come down by a factor of e: made up. */
const PACE: Record<string, number> = {
  guided: 1.5,
  enhanced: 2.4,
  baseline: 5,
  surrogate: 1.6,
  'guided-blind': 2,
  gp: 2.6,
  tpe: 4,
  rule: 2.2,
  sobol: 6,
  random: 7,
};
export const REMEMBERING = ['surrogate', 'gp', 'tpe', 'guided'];
export const ASKING = ['guided', 'enhanced', 'baseline'];
const [BEST, DEFAULT] = [0.22, 0.28];

const around = (mean: number, half: number): MeanView => ({
  mean,
  low: mean - half,
  high: mean + half,
});

function arm(name: string, draft: StudyDraft): StudyArmView {
  const pace = PACE[name] ?? 4;
  const at = (trial: number) => BEST + (DEFAULT - BEST) * Math.exp(-trial / pace);
  const trials = Array.from({ length: draft.budget + 1 }, (_, trial) => trial);
  const wait = (share: number) => {
    const needed = pace * Math.log((DEFAULT - BEST) / (share * BEST));
    const mean = Math.min(draft.budget, needed);
    const median = needed < draft.budget * 0.8 ? Math.max(1, Math.round(needed)) : null;
    return { median, mean, reached: Math.round(draft.seeds / (1 + pace / draft.budget)) };
  };
  const asks = ASKING.includes(name);
  return {
    name,
    truth: trials.map((trial) =>
      around(at(trial), trial === 0 ? 0 : 0.012 / Math.sqrt(draft.seeds / 10)),
    ),
    toGood: wait(0.05),
    toGoal: wait(0.145),
    asksToGoal: wait(0.145),
    prompts: asks ? draft.budget * 1.1 : 0,
    earlyShare: 1 - Math.exp(-5 / pace),
    falseStops: name === 'random' ? 2 : 0,
  };
}

/** What a study is called. */
export const named = (draft: StudyDraft) =>
  draft.live
    ? `${draft.live.modelPath.split('/').at(-1) ?? ''} · ${draft.live.workload}`
    : (SPACE.find((one) => one.id === draft.landscape)?.name ?? '');

export function finished(id: string, at: string, draft: StudyDraft): StudyView {
  const landscape = SPACE.find((one) => one.id === draft.landscape) ?? SPACE[0];
  const facts = landscape?.facts;
  const next = chance(11);
  const again = draft.arms.filter((name) => draft.remember && REMEMBERING.includes(name));
  const names = [...draft.arms, ...again.map((name) => `${name}+memory`)];
  const arms = names.map((name) => arm(name, draft));
  const first = PACE[draft.arms[0] ?? ''] ?? 4;
  const line: StudyLine = {
    id,
    finishedAt: at,
    landscape: named(draft),
    live: draft.live !== null,
    kind: facts?.kind ?? 'estimated',
    arms: names,
    llm: draft.arms.some((name) => ASKING.includes(name)) ? 'local · Qwen 1.5B' : '',
    seeds: draft.seeds,
    budget: draft.budget,
  };
  return {
    line,
    facts: [
      facts?.model ?? '',
      facts?.machine ?? '',
      `${facts?.configurations} configurations`,
      `default at place ${facts?.defaultRank}`,
      `${draft.seeds} seeds`,
      `${draft.budget} trials of ${draft.repeats} windows`,
    ],
    belowPercent: draft.belowPercent,
    bestJoules: BEST,
    defaultJoules: DEFAULT,
    goalJoules: DEFAULT * (1 - draft.belowPercent / 100),
    arms,
    comparisons: names.slice(1).map((other) => {
      const worse = (PACE[other] ?? 4) - first;
      return {
        other,
        differencePercent: -worse * 0.8,
        upperPercent: 0.6 - worse * 0.5,
        pRegret: worse > 1 ? 0.0004 : 0.21,
        effectRegret: Math.max(-1, -worse / 4),
        pTime: worse > 1 ? 0.003 : 0.4,
        effectTime: Math.max(-1, -worse / 5),
        pAsks: worse > 1 ? 0.012 : 0.6,
        effectAsks: Math.max(-1, -worse / 6),
      };
    }),
    randomCheck: draft.arms.includes('random')
      ? { expected: 10.42, seen: 10.71, standardErrors: 0.4 }
      : null,
    cloud: Array.from({ length: 48 }, () => {
      const joules = BEST + 0.15 * next() ** 2;
      return [Math.round(26 / joules + 14 * next()), joules];
    }),
    unit: 'token',
    rate: 'tok/s',
    page: `/home/you/.local/share/wattsmith/studies/${id}/study.html`,
  };
}
