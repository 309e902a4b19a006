// The person's own meters, pretended: kept while the page is open, read with a moment's wait.

import { BackendError } from '../error';
import type { OutsideMeterView } from '../bindings';

const PLUG: OutsideMeterView = {
  name: 'desk plug',
  kind: 'shelly2',
  url: 'http://192.168.1.40',
  switch: 0,
  command: '',
  once: false,
  path: '',
  column: '',
  separator: ',',
  query: '',
  unit: 'watts',
  scope: 'wall',
  errorPercent: 3,
  main: true,
  periodS: null,
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

  /** Addresses that end in .99 do not answer. */
  async read(meter: OutsideMeterView): Promise<string> {
    await new Promise((done) => setTimeout(done, 1500 * this.pace));
    if (meter.url.endsWith('.99'))
      throw new BackendError(
        'other',
        `No answer from ${meter.url} within 2 s. Is it on, in this network, and is this its address?`,
      );
    return '61.3 W';
  }
}
