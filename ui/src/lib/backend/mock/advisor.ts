// A pretended advisor: what it is asked, what it answers, how a pasted reply is read.

import type { ExchangeItem, ProposalItem } from '../bindings';
import { BackendError } from '../error';
import { apply, DEFAULTS, diff, key, PARAMETERS, truth, type Config } from './engine';
import { freshId, trials, view, type Kept } from './session';
import { BUILT_IN, render } from './templates';

interface Idea {
  change: Config;
  reason: string;
  why: Config;
}

const IDEAS: Idea[] = [
  {
    change: { threads: '1' },
    reason:
      'One thread keeps the second core asleep. If the work is bound by memory, the second core only waits, and its watts are wasted.',
    why: { threads: 'lets one core rest' },
  },
  {
    change: { threads: '2', parallel: '8' },
    reason:
      'Serving **eight requests together** lets each pass over the weights produce eight tokens instead of four. Both cores stay busy either way, so the same watts yield more tokens.',
    why: { parallel: 'requests decoded together', threads: 'one per physical core' },
  },
  {
    change: { parallel: '16' },
    reason:
      'The gain from four to eight slots was large. Sixteen may add a little more, although only eight clients ask at once.',
    why: { parallel: 'twice the slots of the best trial' },
  },
  {
    change: { parallel: '8', ubatch: '256', poll: '0' },
    reason:
      'Eight slots were best. Smaller micro-batches fit the cache, and threads that sleep instead of spin save the watts of waiting.',
    why: { ubatch: 'fits the second-level cache', poll: 'threads sleep while they wait' },
  },
  {
    change: { parallel: '8', ubatch: '128' },
    reason: 'A smaller micro-batch still may fit the cache better.',
    why: { ubatch: 'half of the last trial' },
  },
];

export const promptValues = (s: Kept): Record<string, string> => {
  const v = view(s);
  const feedback = s.story.filter((i) => i.item === 'feedback').at(-1);
  return {
    machine: `${s.machine.cpu}, ${s.machine.physicalCores} cores, joules ${s.machine.measured ? 'measured' : 'estimated'}`,
    engine: 'llama-server',
    model: v.chips[1] ?? '',
    workload: v.chips[2] ?? '',
    goal: v.goal,
    trials:
      trials(s)
        .map(
          (t) =>
            `- trial ${t.number}: ${
              t.knobs
                .filter((k) => k.changed)
                .map((k) => `${k.name}=${k.to}`)
                .join(', ') || 'default'
            }: ${t.joulesPerUnit ? `${t.joulesPerUnit.mean.toFixed(3)} J/token, ${t.verdict.text}` : t.message}`,
        )
        .join('\n') || '- nothing yet',
    feedback: feedback?.item === 'feedback' ? (feedback.edit ?? feedback.draft) : 'nothing',
    question: 'Why did the last trial use more, or less, than the default?',
  };
};

/** The template of the session's advisor. */
export const templateOf = (s: Kept) => (s.draft.advisor === 'baseline' ? 'baseline' : 'enhanced');

export const prompt = (s: Kept, templates: Record<string, string>) =>
  render(templates[templateOf(s)] ?? BUILT_IN.enhanced ?? '', promptValues(s));

/** The settings of the last finished trial, against which a proposal is shown. */
export function lastConfig(s: Kept): Config {
  const last = trials(s)
    .filter((t) => t.state === 'complete')
    .at(-1);
  return (last && s.configs.get(last.id)) ?? DEFAULTS;
}

/** The next idea, or `null` when none is left. */
export function idea(s: Kept): (Idea & { config: Config }) | null {
  const tried = new Set([...s.configs.values()].map(key));
  for (const one of IDEAS) {
    const config = { ...DEFAULTS, ...one.change };
    if (!tried.has(key(config))) return { ...one, config };
  }
  return null;
}

export function offer(
  s: Kept,
  config: Config,
  advisor: string,
  reason: string,
  why: Config,
  guess: boolean,
): ProposalItem {
  const id = freshId(s, 'proposal');
  s.configs.set(id, config);
  const known = truth(config, s.gpu).joules;
  const item: ProposalItem = {
    id,
    advisor,
    reason,
    knobs: diff(lastConfig(s), config, why, s.draft.tuned),
    predicted: guess ? Number((known * 1.06).toFixed(3)) : null,
    status: 'offered',
    edited: false,
  };
  s.story.push({ item: 'proposal', ...item });
  return item;
}

export const replyText = (found: Idea & { config: Config }, gpu: boolean) =>
  `${found.reason}\n\n\`\`\`json\n${JSON.stringify({ ...found.change, predicted: Number((truth(found.config, gpu).joules * 1.06).toFixed(3)) }, null, 2)}\n\`\`\`\n`;

/** What tokens cost at the person's prices; `null` where there are none. */
export function costOf(s: Kept, asked: string, reply: string): number | null {
  const { priceIn, priceOut } = s.draft.connection;
  if (priceIn === null || priceOut === null) return null;
  return (asked.length * priceIn + reply.length * priceOut) / 4e6;
}

export function exchange(
  s: Kept,
  templates: Record<string, string>,
  outcome: ExchangeItem['outcome'],
  reply = '',
  note = '',
  question = '',
): ExchangeItem & { item: 'exchange' } {
  const text = question
    ? render(templates.talk ?? '', { ...promptValues(s), question })
    : prompt(s, templates);
  const local = s.draft.connection.kind === 'local';
  const item = {
    item: 'exchange' as const,
    id: freshId(s, 'exchange'),
    question,
    template: question ? 'talk' : templateOf(s),
    connection: view(s).connection,
    prompt: text,
    reply,
    answer: question ? reply : '',
    waits: '',
    outcome,
    note,
    promptTokens: reply ? Math.round(text.length / 4) : null,
    replyTokens: reply ? Math.round(reply.length / 4) : null,
    reasoningTokens: null,
    cost: reply ? costOf(s, text, reply) : null,
    costEstimated: false,
    durationS: local ? 11.4 : 3.2,
    joules: local && reply ? 294 : null,
  };
  s.story.push(item);
  return item;
}

/** Reads a pasted reply: JSON anywhere in it, values as text or number. Throws with advice. */
export function readReply(
  s: Kept,
  reply: string,
): { config: Config; reason: string; predicted: number | null } {
  const json = /\{[^{}]*\}/.exec(reply)?.[0];
  if (!json)
    throw new Error(
      'The reply holds no JSON. Ask the chat for its answer as JSON, such as {"parallel": 8}.',
    );
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(json) as Record<string, unknown>;
  } catch {
    throw new Error('The reply’s JSON is incomplete. Copy the whole reply, from { to }.');
  }
  const settings = PARAMETERS.filter((p) => fields[p.name] !== undefined).map((p) => ({
    name: p.name,
    value: String(fields[p.name]),
  }));
  const config = apply(lastConfig(s), settings);
  if (
    [...s.configs.entries()].some(
      ([id, tried]) => id.includes('trial') && key(tried) === key(config),
    )
  )
    throw new Error(
      'These settings were measured already. Ask the chat for others; the prompt lists what was tried.',
    );
  const prose = reply
    .replace(/```[\s\S]*?```/g, '')
    .replace(json, '')
    .trim();
  return {
    config,
    reason: typeof fields.reason === 'string' ? fields.reason : prose,
    predicted: typeof fields.predicted === 'number' ? fields.predicted : null,
  };
}

/** Makes a proposal of a pasted reply, or keeps why it is refused. */
export function pasted(s: Kept, item: ExchangeItem, reply: string): void {
  if (!reply.trim()) throw new Error('The reply is empty. Paste what the chat answered.');
  Object.assign(item, { reply, replyTokens: Math.round(reply.length / 4) });
  try {
    const read = readReply(s, reply);
    item.outcome = 'accepted';
    const made = offer(s, read.config, 'the chat that you pasted from', read.reason, {}, false);
    const shown = s.story.find((one) => one.item === 'proposal' && one.id === made.id);
    if (shown?.item === 'proposal') shown.predicted = read.predicted;
  } catch (cause) {
    const note = cause instanceof Error ? cause.message : String(cause);
    Object.assign(item, { outcome: 'refused', note });
    s.stuck = `The pasted reply gives no usable proposal: ${note}`;
  }
}

/** An offered proposal of a session. */
export function proposal(s: Kept, id: string) {
  const item = s.story.find((i) => i.item === 'proposal' && i.id === id);
  if (item?.item !== 'proposal')
    throw new BackendError('not-found', 'This proposal does not exist any more.');
  return item;
}
