// Free talk with the pretended advisor: one elsewhere answers beside whatever runs, one here after it.

import type { ExchangeItem } from '../bindings';
import { costOf, exchange, idea, offer, replyText } from './advisor';
import { isRemote } from './machine';
import type { Jobs } from './run';
import { view, type Kept } from './session';

const ANSWER =
  'Both cores were busy all the time, so a second request had to wait. **More slots** let one pass over the weights serve several requests.';
/** What the record contradicts, and what it says. */
const WRONG = 'The default is the best so far';

const WAITS =
  'This chat model runs on this machine, and would be part of what is measured. It is asked as soon as the step that runs now is done.';

/** Takes a question; the word "try" in it draws a proposal along, "best" a claim that is not so. */
export function say(jobs: Jobs, s: Kept, question: string): void {
  const item = exchange(s, jobs.templates(), 'waiting', '', '', question);
  if (s.draft.connection.kind === 'paste') return;
  if (isRemote(s.draft.connection.kind)) {
    void answer(jobs, s, item, (seconds) => jobs.sleep(seconds)).then(() => jobs.changed(s));
  } else if (jobs.isBusy) {
    item.waits = WAITS;
  } else {
    jobs.start(s, (one) => answerHere(jobs, one));
  }
}

/** The questions that wait for the end of what runs. */
export const waiting = (s: Kept) =>
  s.story.find((i) => i.item === 'exchange' && i.question && i.outcome === 'waiting');

/** Answers what waits, one after the other. */
export async function answerHere(jobs: Jobs, s: Kept): Promise<void> {
  for (let item = waiting(s); item?.item === 'exchange'; item = waiting(s)) {
    item.waits = '';
    jobs.phase(s, 'asking', 'The advisor is writing', view(s).connection, 2);
    await answer(jobs, s, item, (seconds) => jobs.wait(s, seconds));
    jobs.changed(s);
  }
}

/** Takes a question back that has no answer yet. */
export function takeBack(s: Kept, id: string): void {
  const item = s.story.find((i) => i.item === 'exchange' && i.id === id);
  if (item?.item !== 'exchange') return;
  if (item.waits) s.story = s.story.filter((one) => one !== item);
  else item.outcome = 'cancelled';
}

async function answer(
  jobs: Jobs,
  s: Kept,
  item: ExchangeItem,
  wait: (seconds: number) => Promise<void>,
): Promise<void> {
  const found = /\btry\b/i.test(item.question) ? idea(s) : null;
  const wrong = /\bbest\b/i.test(item.question) ? `${WRONG}. ` : '';
  const text = found ? replyText(found, s.gpu) : wrong + ANSWER;
  const words = text.match(/\S+\s*/g) ?? [];
  for (const word of words) {
    await wait(2 / words.length);
    if (item.outcome !== 'waiting') return;
    jobs.emit({ event: 'answer', sessionId: s.id, exchangeId: item.id, text: word });
  }
  const lead = view(s).best;
  Object.assign(item, {
    reply: text,
    answer: text.replace(WRONG, `${WRONG} [not so: the best so far is trial ${lead?.number ?? 1}]`),
    outcome: found ? 'accepted' : 'answered',
    promptTokens: Math.round(item.prompt.length / 4),
    replyTokens: Math.round(text.length / 4),
    cost: costOf(s, item.prompt, text),
  });
  if (found) offer(s, found.config, view(s).connection, found.reason, found.why, true);
}
