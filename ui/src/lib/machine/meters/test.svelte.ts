// Reading a meter for a few seconds, to see whether it answers.

import type { MeterOfferView, MeterTrialView, OutsideMeterView } from '$lib/backend';
import { backendError } from '$lib/backend/error';

/** One place where a test is started and its answer is shown. */
export function test(read: (meter: OutsideMeterView) => Promise<MeterTrialView>) {
  let waiting = $state(false);
  let ok = $state(true);
  let said = $state('');
  let offers = $state.raw<MeterOfferView[]>([]);
  return {
    get waiting() {
      return waiting;
    },
    get ok() {
      return ok;
    },
    get said() {
      return said;
    },
    /** What its device measures; empty where it cannot tell. */
    get offers() {
      return offers;
    },
    forget() {
      said = '';
      offers = [];
    },
    async run(meter: OutsideMeterView) {
      waiting = true;
      ok = true;
      said = 'Reading it for 3 seconds…';
      offers = [];
      try {
        const trial = await read(meter);
        ok = trial.answers;
        said = ok ? `It answers: ${trial.said} on average.` : sentence(trial.said);
        offers = trial.offers;
      } catch (cause) {
        ok = false;
        said = backendError(cause).message;
      }
      waiting = false;
    },
  };
}

const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
};
