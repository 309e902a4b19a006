// The story as the screen tells it: a proposal that was run and its trial are one card, and what led to a
// finished trial (prompt, reply, what the advisor was told of it) folds away with it.

import type {
  ConfirmationItem,
  ExchangeItem,
  FeedbackItem,
  MachineItem,
  ProposalItem,
  StoryItem,
  TrialItem,
  UndoingItem,
} from '$lib/backend';

export type Entry =
  | { kind: 'exchange'; key: string; item: ExchangeItem }
  | { kind: 'proposal'; key: string; item: ProposalItem }
  | TrialEntry
  | { kind: 'confirmation'; key: string; item: ConfirmationItem }
  | { kind: 'machine'; key: string; item: MachineItem }
  | { kind: 'undoing'; key: string; item: UndoingItem }
  | { kind: 'feedback'; key: string; item: FeedbackItem };

export interface TrialEntry {
  kind: 'trial';
  key: string;
  item: TrialItem;
  proposal: ProposalItem | null;
  /** Prompts and replies that led to it. */
  led: ExchangeItem[];
  /** What was said of it, once that is over. */
  told: FeedbackItem | null;
}

/** Pairs each taken proposal with the trial right after it; everything else stays in its order. */
export function entriesOf(story: StoryItem[]): Entry[] {
  const entries: Entry[] = [];
  let taken: ProposalItem | null = null;
  for (const item of story) {
    if (item.item === 'trial') {
      entries.push({ kind: 'trial', key: item.id, item, proposal: taken, led: [], told: null });
      taken = null;
      continue;
    }
    // What was asked between a proposal and its trial stands before both.
    if (taken && item.item === 'exchange' && item.question) {
      entries.push({ kind: 'exchange', key: item.id, item });
      continue;
    }
    if (taken) {
      entries.push({ kind: 'proposal', key: taken.id, item: taken });
      taken = null;
    }
    if (item.item === 'proposal' && item.status === 'taken') taken = item;
    else if (item.item === 'proposal') entries.push({ kind: 'proposal', key: item.id, item });
    else if (item.item === 'exchange') entries.push({ kind: 'exchange', key: item.id, item });
    else if (item.item === 'confirmation')
      entries.push({ kind: 'confirmation', key: item.id, item });
    else if (item.item === 'machine') entries.push({ kind: 'machine', key: item.id, item });
    else if (item.item === 'undoing') entries.push({ kind: 'undoing', key: item.id, item });
    else entries.push({ kind: 'feedback', key: `feedback-${item.trialId}`, item });
  }
  if (taken) entries.push({ kind: 'proposal', key: taken.id, item: taken });
  return gathered(entries);
}

/**
 * Moves what is over into the card of the finished trial that it belongs to: the exchanges right before
 * it that were no questions, and the feedback on it unless that is the last, which may still be written.
 */
function gathered(entries: Entry[]): Entry[] {
  const lastFeedback = entries.findLast((one) => one.kind === 'feedback')?.key;
  const result: Entry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'trial' && entry.item.state !== 'running') {
      const led: ExchangeItem[] = [];
      const asked: Entry[] = [];
      for (let last = result.at(-1); last?.kind === 'exchange'; last = result.at(-1)) {
        if (!last.item.question && last.item.outcome === 'waiting') break;
        result.pop();
        if (last.item.question) asked.unshift(last);
        else led.unshift(last.item);
      }
      result.push(...asked);
      result.push({ ...entry, led });
      continue;
    }
    const before = result.at(-1);
    if (
      entry.kind === 'feedback' &&
      entry.key !== lastFeedback &&
      before?.kind === 'trial' &&
      before.item.id === entry.item.trialId
    ) {
      result[result.length - 1] = { ...before, told: entry.item };
      continue;
    }
    result.push(entry);
  }
  return result;
}
