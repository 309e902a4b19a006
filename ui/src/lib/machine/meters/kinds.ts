// The kinds of meters that a person can bring: what each is, in plain words, and a draft to begin with.

import type {
  MeterDecimal,
  MeterKind,
  MeterScope,
  MeterUnit,
  OutsideMeterView,
} from '$lib/backend';

export const KINDS: { kind: MeterKind; name: string; about: string }[] = [
  {
    kind: 'shelly2',
    name: 'Shelly plug, newer',
    about: 'Plus, Pro, EM, Gen3 and later: its app or label says “Gen2” or above.',
  },
  {
    kind: 'shelly1',
    name: 'Shelly plug, first generation',
    about: 'Such as the Shelly Plug S of 2019, EM and 3EM.',
  },
  { kind: 'tasmota', name: 'Tasmota plug', about: 'Any plug with a meter that runs Tasmota.' },
  {
    kind: 'prometheus',
    name: 'Prometheus query',
    about: 'A server that already collects power: DCGM, Kepler, Scaphandre, a PDU.',
  },
  {
    kind: 'command',
    name: 'Command',
    about: 'A program that prints a number, such as a script for a bench meter.',
  },
  { kind: 'csv', name: 'CSV file', about: 'A file to which another meter’s software adds lines.' },
];

export const kindName = (kind: MeterKind): string =>
  KINDS.find((one) => one.kind === kind)?.name ?? kind;

export const isPlug = (kind: MeterKind): boolean =>
  kind === 'shelly1' || kind === 'shelly2' || kind === 'tasmota';

/** Kinds that can tell several things at once. */
export const hasParts = (kind: MeterKind): boolean => isPlug(kind) || kind === 'command';

/** What `part` says for all of them together. */
export const SUM = 'sum';

export const isPower = (unit: MeterUnit): boolean => unit === 'watts' || unit === 'milliwatts';

export const DECIMALS: [MeterDecimal, string][] = [
  ['shown', 'as the numbers show'],
  ['point', 'a point (61.5)'],
  ['comma', 'a comma (61,5)'],
];

export const UNITS: [MeterUnit, string][] = [
  ['watts', 'watts (W)'],
  ['milliwatts', 'milliwatts (mW)'],
  ['joules', 'joules so far (J)'],
  ['millijoules', 'millijoules so far (mJ)'],
  ['microjoules', 'microjoules so far (µJ)'],
  ['watt-hours', 'watt hours so far (Wh)'],
  ['kilowatt-hours', 'kilowatt hours so far (kWh)'],
];

export const SCOPES: [MeterScope, string][] = [
  ['wall', 'the whole machine at the wall'],
  ['platform', 'the whole platform, without the power supply’s losses'],
  ['battery', 'the whole machine, from its battery'],
  ['gpu-board', 'the GPU board'],
  ['gpu-package', 'the GPU’s chip, without the rest of its board'],
  ['cpu-package', 'the CPU package'],
  ['gpu-and-cpu', 'GPU board and CPU package'],
];

export const scopeName = (scope: MeterScope): string =>
  SCOPES.find(([value]) => value === scope)?.[1] ?? scope;

/** A meter to begin with; plugs need nothing but a name and their address. */
export const fresh = (kind: MeterKind): OutsideMeterView => ({
  name: '',
  kind,
  url: '',
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
  errorPercent: isPlug(kind) ? 3 : 5,
  main: false,
  periodS: null,
  averagingS: null,
  flip: false,
  machine: '',
});

export type Problems = Partial<Record<keyof OutsideMeterView, string>>;

/** What is missing or cannot be, by field; the core checks again. */
export function problemsOf(meter: OutsideMeterView, others: string[]): Problems {
  const found: Problems = {};
  const name = meter.name.trim();
  if (!name) found.name = 'Give it a name, such as “desk plug”.';
  else if (others.includes(name)) found.name = 'Another meter has this name.';
  if (isPlug(meter.kind) || meter.kind === 'prometheus') {
    if (meter.url.startsWith('https://'))
      found.url = 'Write http://: meters are read without encryption, in your own network.';
    else if (!/^http:\/\/[^\s/]+/.test(meter.url))
      found.url = 'Write the address as http://192.168.1.20.';
  }
  if (meter.kind === 'prometheus' && !meter.query.trim()) found.query = 'Write a query.';
  if (meter.kind === 'command' && !meter.command.trim()) found.command = 'Write a command.';
  if (meter.kind === 'csv') {
    if (!meter.path.startsWith('/')) found.path = 'Write the whole path, from / on.';
    if (!meter.column.trim()) found.column = 'Name the column, or give its number from 1.';
    if ([...meter.separator].length !== 1) found.separator = 'One character.';
  }
  if (!(meter.errorPercent > 0 && meter.errorPercent <= 100))
    found.errorPercent = 'Above 0 and at most 100, as its data sheet says.';
  if (meter.periodS !== null && !(meter.periodS >= 0.1 && meter.periodS <= 600))
    found.periodS = 'Between 0.1 and 600 seconds, or empty.';
  if (meter.kind === 'command' && !/^(|sum|\d+)$/.test(meter.part.trim()))
    found.part = 'A number from 0, “sum”, or empty.';
  if (meter.averagingS !== null && !(meter.averagingS >= 0.1 && meter.averagingS <= 3600))
    found.averagingS = 'Between 0.1 and 3600 seconds, or empty.';
  return found;
}
