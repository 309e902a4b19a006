// What is wrong with a draft, before it is sent: one sentence per field.

import type { ConnectionDraft, NewSessionOptions, SessionDraft } from '$lib/backend';
import { advisorFor } from './advisors';

export type Field =
  | 'modelPath'
  | 'threshold'
  | 'baseUrl'
  | 'model'
  | 'price'
  | 'spendingCap'
  | 'minTokensPerSecond'
  | 'maxTimeToFirstTokenS'
  | 'tuned'
  | 'budget'
  | 'repeats'
  | 'engine'
  | 'workFile'
  | 'arrivals'
  | 'answerTokens';
export type Problems = Partial<Record<Field, string>>;

/** What stands for the workload where it is a file of the person’s own. */
export const OWN_FILE = 'own-file';

/** Kinds of chat servers, as the person reads them. */
export const PROVIDERS: Record<string, string> = {
  openai: 'OpenAI, or a server that speaks like it',
  anthropic: 'Anthropic',
  gemini: 'Google Gemini',
  ollama: 'Ollama',
};

export const isServer = (kind: string) => kind in PROVIDERS;

/** Whether prompts stay on this machine. */
const isHere = ({ kind, baseUrl }: ConnectionDraft) =>
  baseUrl
    ? /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/.test(baseUrl)
    : kind === 'ollama';

/** Whether prompts would leave this machine by Wattsmith's own hand. */
export const isRemote = (connection: ConnectionDraft) =>
  isServer(connection.kind) && !isHere(connection);

const isAmount = (value: number | null) => value === null || (Number.isFinite(value) && value >= 0);

/** What is wrong with a connection. */
export function connectionProblems(connection: ConnectionDraft): Problems {
  const problems: Problems = {};
  const { kind, baseUrl, model, priceIn, priceOut, spendingCap } = connection;
  if (kind === 'local' && !model) problems.model = 'Choose a model file for the advisor.';
  if (!isServer(kind)) return problems;
  if (baseUrl && !/^https?:\/\/[^\s/]+/.test(baseUrl))
    problems.baseUrl = 'Write the whole address, such as https://host/v1.';
  if (!model.trim()) problems.model = 'Name the model as the server calls it.';
  if (!isAmount(priceIn) || !isAmount(priceOut))
    problems.price = 'A price is a number, 0 or more; leave both empty when it is unknown.';
  else if ((priceIn === null) !== (priceOut === null))
    problems.price = 'A price has two figures: for tokens in and for tokens out.';
  if (spendingCap !== null && !(spendingCap > 0))
    problems.spendingCap = 'Leave it empty, or write a number above 0.';
  else if (spendingCap !== null && priceIn === null && !isHere(connection))
    problems.spendingCap = 'A cap needs the prices of the model.';
  return problems;
}

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

function ownWorkProblems(draft: SessionDraft): Problems {
  const problems: Problems = {};
  if (!draft.workFile.trim()) problems.workFile = 'Name a JSONL or CSV file, or choose other work.';
  const [way, rate] = draft.arrivals.split(':');
  if (way === 'poisson' && !(Number(rate) >= 0.001 && Number(rate) <= 10000))
    problems.arrivals = 'A number from 0.001 to 10000.';
  if (draft.answerTokens !== null && !whole(draft.answerTokens, 2, 131072))
    problems.answerTokens = 'Leave it empty, or write a whole number from 2 to 131072.';
  return problems;
}

export function problemsOf(draft: SessionDraft, options: NewSessionOptions): Problems {
  const problems: Problems = {};
  if (options.engineProblem && !draft.attach) problems.engine = options.engineProblem;
  if (!draft.modelPath && !draft.attach) problems.modelPath = 'Choose a model file.';
  if (draft.workload === OWN_FILE) Object.assign(problems, ownWorkProblems(draft));
  if (!readThreshold(draft.threshold))
    problems.threshold =
      'Write per cent below the default (above 0 and below 100), or joules per token above 0.';
  Object.assign(problems, connectionProblems(draft.connection));
  if (draft.minTokensPerSecond !== null && !(draft.minTokensPerSecond > 0))
    problems.minTokensPerSecond = 'Leave it empty, or write a number above 0.';
  if (draft.maxTimeToFirstTokenS !== null && !(draft.maxTimeToFirstTokenS > 0))
    problems.maxTimeToFirstTokenS = 'Leave it empty, or write seconds above 0.';
  if (draft.tuned.length === 0 && !draft.attach) problems.tuned = 'Choose at least one knob.';
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
    workFile: draft.workload === OWN_FILE ? draft.workFile.trim() : '',
    threshold: draft.threshold.replace(/\s/g, ''),
    advisor: advisorFor(draft.connection.kind, draft.advisor),
    connection: {
      ...draft.connection,
      baseUrl: draft.connection.baseUrl.trim(),
      model: draft.connection.model.trim(),
    },
    // Which knobs a server has that runs already, only it tells.
    tuned: draft.attach
      ? []
      : draft.tuned.filter((name) => !(draft.qualityLock && changing.has(name))),
    start: draft.attach ? [] : draft.start,
  };
}
