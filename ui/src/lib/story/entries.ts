// The story as the screen tells it: a proposal that was run and its trial are one card.

import type {
  ConfirmationItem,
  ExchangeItem,
  FeedbackItem,
  MachineItem,
  ProposalItem,
  StoryItem,
  TrialItem,
} from '$lib/backend';

export type Entry =
  | { kind: 'exchange'; key: string; item: ExchangeItem }
  | { kind: 'proposal'; key: string; item: ProposalItem }
  | { kind: 'trial'; key: string; item: TrialItem; proposal: ProposalItem | null }
  | { kind: 'confirmation'; key: string; item: ConfirmationItem }
  | { kind: 'machine'; key: string; item: MachineItem }
  | { kind: 'feedback'; key: string; item: FeedbackItem };

/** Pairs each taken proposal with the trial right after it; everything else stays in its order. */
export function entriesOf(story: StoryItem[]): Entry[] {
  const entries: Entry[] = [];
  let taken: ProposalItem | null = null;
  for (const item of story) {
    if (item.item === 'trial') {
      entries.push({ kind: 'trial', key: item.id, item, proposal: taken });
      taken = null;
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
    else entries.push({ kind: 'feedback', key: `feedback-${item.trialId}`, item });
  }
  if (taken) entries.push({ kind: 'proposal', key: taken.id, item: taken });
  return entries;
}
