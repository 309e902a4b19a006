// Free talk with the pretended advisor.

import { costOf, exchange, idea, offer, replyText } from './advisor';
import type { Jobs } from './run';
import { view, type Kept } from './session';

const ANSWER =
  'Both cores were busy all the time, so a second request had to wait. **More slots** let one pass over the weights serve several requests.';

/** Answers a question; the word "try" in it draws a proposal along. */
export async function say(jobs: Jobs, s: Kept, question: string): Promise<void> {
  const pending = exchange(s, jobs.templates(), 'waiting', '', '', question);
  if (s.draft.connection.kind === 'paste') return;
  jobs.phase(s, 'asking', 'The advisor is writing', view(s).connection, 2);
  const found = /\btry\b/i.test(question) ? idea(s) : null;
  const text = found ? replyText(found, s.gpu) : ANSWER;
  const words = text.match(/\S+\s*/g) ?? [];
  for (const word of words) {
    await jobs.wait(s, 2 / words.length);
    jobs.emit({ event: 'reply', sessionId: s.id, text: word });
  }
  Object.assign(pending, {
    reply: text,
    outcome: found ? 'accepted' : 'answered',
    promptTokens: Math.round(pending.prompt.length / 4),
    replyTokens: Math.round(text.length / 4),
    cost: costOf(s, pending.prompt, text),
  });
  if (found) offer(s, found.config, view(s).connection, found.reason, found.why, true);
}
