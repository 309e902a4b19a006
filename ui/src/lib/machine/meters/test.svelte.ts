// Reading a meter for a few seconds, to see whether it answers.

import type { OutsideMeterView } from '$lib/backend';
import { backendError } from '$lib/backend/error';

/** One place where a test is started and its answer is shown. */
export function test(read: (meter: OutsideMeterView) => Promise<string>) {
  let waiting = $state(false);
  let ok = $state(true);
  let said = $state('');
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
    forget() {
      said = '';
    },
    async run(meter: OutsideMeterView) {
      waiting = true;
      ok = true;
      said = 'Reading it for 3 seconds…';
      try {
        said = `It answers: ${await read(meter)} on average.`;
      } catch (cause) {
        ok = false;
        said = backendError(cause).message;
      }
      waiting = false;
    },
  };
}
