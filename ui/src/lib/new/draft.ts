// What is wrong with a draft, before it is sent: one sentence per field.

import type { NewSessionOptions, SessionDraft } from '$lib/backend';

export type Field =
  | 'modelPath'
  | 'threshold'
  | 'connection'
  | 'baseUrl'
  | 'model'
  | 'minTokensPerSecond'
  | 'maxTimeToFirstTokenS'
  | 'tuned'
  | 'budget'
  | 'repeats'
  | 'engine';
export type Problems = Partial<Record<Field, string>>;

const THRESHOLD = /^\s*(\d+(?:\.\d+)?)\s*(%|[jJ])\s*$/;

/** Reads `10%` or `0.25J`; `null` when it is neither. */
export function readThreshold(text: string): { value: number; unit: '%' | 'J' } | null {
  const found = THRESHOLD.exec(text);
  const value = Number(found?.[1]);
  if (!found || !(value > 0)) return null;
  if (found[2] === '%') return value < 100 ? { value, unit: '%' } : null;
  return { value, unit: 'J' };
}

const whole = (value: number, low: number, high: number) =>
  Number.isInteger(value) && value >= low && value <= high;

export function problemsOf(draft: SessionDraft, options: NewSessionOptions): Problems {
  const problems: Problems = {};
  const { kind, baseUrl, model } = draft.connection;
  if (options.engineProblem) problems.engine = options.engineProblem;
  if (!draft.modelPath) problems.modelPath = 'Choose a model file.';
  if (!readThreshold(draft.threshold))
    problems.threshold =
      'Write per cent below the default (above 0 and below 100), or joules per token above 0.';
  if (draft.advisor !== 'sobol' && kind === 'none')
    problems.connection = 'Choose how the chat model is reached.';
  if (kind === 'openai') {
    if (!/^https?:\/\/[^\s/]+/.test(baseUrl))
      problems.baseUrl = 'Write the whole address, such as https://host/v1.';
    if (!model.trim()) problems.model = 'Name the model as the server calls it.';
  }
  if (kind === 'local' && !model) problems.model = 'Choose a model file for the advisor.';
  if (draft.minTokensPerSecond !== null && !(draft.minTokensPerSecond > 0))
    problems.minTokensPerSecond = 'Leave it empty, or write a number above 0.';
  if (draft.maxTimeToFirstTokenS !== null && !(draft.maxTimeToFirstTokenS > 0))
    problems.maxTimeToFirstTokenS = 'Leave it empty, or write seconds above 0.';
  if (draft.tuned.length === 0) problems.tuned = 'Choose at least one knob.';
  if (!whole(draft.budget, 1, 500)) problems.budget = 'A whole number from 1 to 500.';
  if (!whole(draft.repeats, 1, 20)) problems.repeats = 'A whole number from 1 to 20.';
  return problems;
}

/** The draft as it is sent: locked knobs left out, spaces trimmed. */
export function tidy(draft: SessionDraft, options: NewSessionOptions): SessionDraft {
  const changing = new Set(options.parameters.filter((p) => p.changesOutput).map((p) => p.name));
  return {
    ...draft,
    name: draft.name.trim(),
    threshold: draft.threshold.replace(/\s/g, ''),
    connection: {
      ...draft.connection,
      baseUrl: draft.connection.baseUrl.trim(),
      model: draft.connection.model.trim(),
    },
    tuned: draft.tuned.filter((name) => !(draft.qualityLock && changing.has(name))),
  };
}
