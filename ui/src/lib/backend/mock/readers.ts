// Devices that are read in two ways, pretended: a GPU by its counter and its power, a plug by its
// total and its power.

import { BackendError } from '../error';
import type { MachineView, ReaderView, ReaderWay } from '../bindings';
import { WITH_GPU, WITH_PLUG } from './machine';

export class Readers {
  #kept: ReaderView[];

  constructor(machine: MachineView) {
    const two = (device: string): ReaderView => ({
      device,
      ways: ['counter', 'power'],
      decided: null,
    });
    this.#kept =
      machine === WITH_GPU
        ? [two(machine.gpus[0] ?? 'GPU')]
        : machine === WITH_PLUG
          ? [two('desk plug')]
          : [];
  }

  list(): ReaderView[] {
    return structuredClone(this.#kept);
  }

  choose(device: string, reader: ReaderWay | null): void {
    const one = this.#kept.find((it) => it.device === device);
    if (!one || (reader !== null && !one.ways.includes(reader)))
      throw new BackendError('other', `“${device}” names no such reader.`);
    one.decided = reader;
  }
}
