/** Words for model files. */
import type { FetchableView, MachineView, ModelView } from '$lib/backend';
import { count, THIN } from '$lib/format/number';

/** A size; what is less than a megabyte is said in kilobytes. */
export function size(megabytes: number): string {
  return megabytes < 1
    ? `${count(Math.ceil(megabytes * 1000))}${THIN}kB`
    : `${count(megabytes)}${THIN}MB`;
}

/** A model in a menu: name, what its weights are, size, and of how many files it is made. */
export function modelLine(model: ModelView): string {
  const parts = model.parts > 1 ? ` in ${String(model.parts)} parts` : '';
  const base = model.chats ? '' : ' · base model';
  const weights = model.weights || model.quantisation;
  const said = [model.name, weights, `${size(model.megabytes)}${parts}`].filter(Boolean);
  return said.join(' · ') + base;
}

/** Whether a model finds room in the machine's memory; empty where it does with ease. */
export function fits(model: ModelView, machine: MachineView | null): string {
  if (!machine) return '';
  const [needs, has] = [model.megabytes * 1e6, machine.memoryGib * 2 ** 30];
  if (needs > has) return 'does not fit into this machine’s memory';
  return needs > 0.75 * has ? 'leaves little of this machine’s memory' : '';
}

/** The name under which a download tells how far it is. */
export const DOWNLOAD = 'download';

/** A model that can be fetched: size, licence, whether it finds room. */
export function fetchLine(model: FetchableView): string {
  const begun = model.begunMegabytes === null ? '' : `${size(model.begunMegabytes)} of it are here`;
  const room = model.path ? 'here' : model.noRoom || 'fits into memory and on the disk';
  return [size(model.megabytes), model.licence, room, begun].filter(Boolean).join(' · ');
}

/** What the button beside it does. */
export function fetchVerb(model: FetchableView): string {
  if (model.path) return 'Use it';
  return model.begunMegabytes === null ? 'Fetch' : 'Go on';
}
