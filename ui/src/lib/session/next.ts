// What can be done now, in words: the sensible step with what it takes. One place for the bar at the
// bottom and for the answer at the top.

import type { SessionView } from '$lib/backend';
import { asksChat } from '$lib/new/advisors';
import { askNext } from '$lib/words';

/** Whether proposals come without a chat model: guided then offers its list's first entry. */
export const isNumeric = (view: SessionView) =>
  !asksChat(view.advisor) || view.connectionDraft.kind === 'none';

/** A proposal that waits, also where another step is the sensible one. */
export function offered(view: SessionView): string | null {
  const found = view.story.findLast((i) => i.item === 'proposal' && i.status === 'offered');
  return found?.item === 'proposal' ? found.id : null;
}

/** What undoing the changes of a confirmed winner takes; of the simpler settings alone, what fresh repeats take. */
export function undoCost({ undo, costs }: SessionView): string {
  if (!undo) return '';
  return undo.changes ? `about ${undo.minutes} min` : costs.confirm;
}

/** A step and what it takes. */
const and = (text: string, cost: string) => (cost ? `${text}, ${cost}` : text);

/** The next sensible step with its minutes; empty while something runs. */
export function nextStep(view: SessionView): string {
  const { next, costs } = view;
  switch (next.step) {
    case 'measure-default':
      return 'measure the default; its first window tells how long everything else takes';
    case 'busy-machine':
      return 'wait until the machine is quiet, or measure all the same';
    case 'check-default':
      return and('measure the default again', costs.window);
    case 'ask': {
      const ask = askNext(view.connectionDraft, isNumeric(view)).toLowerCase();
      return costs.trial ? `${ask}; the trial after it takes ${costs.trial}` : ask;
    }
    case 'consent':
      return 'agree that prompts leave this machine, or go on by numbers';
    case 'paste':
      return 'carry the prompt to a chat and paste its reply';
    case 'decide':
      return and('run the proposal, change it, or dismiss it', costs.trial);
    case 'stuck':
      return 'ask again, or go on by numbers';
    case 'confirm':
      return and(`confirm trial ${next.trialNumber}`, costs.confirm);
    case 'ended':
      if (!view.undo) return '';
      return view.undo.changes
        ? `see which change earned it, ${undoCost(view)}`
        : and('confirm the simpler settings', undoCost(view));
    case 'busy':
      return '';
  }
}
