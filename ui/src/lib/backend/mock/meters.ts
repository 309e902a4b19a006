// The person's own meters, pretended: kept while the page is open, read with a moment's wait.

import { BackendError } from '../error';
import type { MeterOfferView, MeterTrialView, OutsideMeterView } from '../bindings';

const PLUG: OutsideMeterView = {
  name: 'desk plug',
  kind: 'shelly2',
  url: 'http://192.168.1.40',
  part: '',
  command: '',
  once: false,
  path: '',
  column: '',
  separator: ',',
  decimal: 'shown',
  query: '',
  unit: 'watts',
  scope: 'wall',
  errorPercent: 3,
  main: true,
  periodS: null,
  averagingS: null,
  flip: false,
  machine: '',
};

export class Meters {
  #kept: OutsideMeterView[];

  constructor(
    withPlug: boolean,
    readonly pace: number,
  ) {
    this.#kept = withPlug ? [PLUG] : [];
  }

  list(): OutsideMeterView[] {
    return structuredClone(this.#kept);
  }

  put(meter: OutsideMeterView, replaces: string | null): void {
    const rival = this.#kept.find(
      (one) => one.name !== replaces && one.main && meter.main && one.scope === meter.scope,
    );
    if (rival)
      throw new BackendError(
        'other',
        `“${rival.name}” makes the figure for the same scope already; make one of them stand beside it.`,
      );
    const at = this.#kept.findIndex((one) => one.name === (replaces ?? meter.name));
    if (at < 0) this.#kept.push(meter);
    else this.#kept[at] = meter;
  }

  remove(name: string): void {
    this.#kept = this.#kept.filter((one) => one.name !== name);
  }

  /** Addresses that end in .99 do not answer, those that end in .98 have two clamps. */
  async read(meter: OutsideMeterView): Promise<MeterTrialView> {
    await new Promise((done) => setTimeout(done, 1500 * this.pace));
    if (meter.url.endsWith('.99'))
      return refused(
        'unreadable',
        `No answer from ${meter.url} within 2 s. Is it on, in this network, and is this its address?`,
      );
    const offers = meter.url.endsWith('.98') ? CLAMPS : [];
    if (offers.length && !meter.part)
      return refused(
        'several-values',
        'it measures 2 things: em1:0 (61.3 W), em1:1 (4.1 W). Say which one this machine is on (such as component em1:0), or that all together are what it draws (sum)',
        offers,
      );
    const said = meter.part === 'sum' ? '65.4 W' : meter.part === 'em1:1' ? '4.10 W' : '61.3 W';
    return { answers: true, said, fault: null, offers };
  }
}

const CLAMPS: MeterOfferView[] = [
  { component: 'em1:0', tells: '61.3 W' },
  { component: 'em1:1', tells: '4.10 W' },
];

const refused = (fault: string, said: string, offers: MeterOfferView[] = []): MeterTrialView => ({
  answers: false,
  said,
  fault,
  offers,
});
