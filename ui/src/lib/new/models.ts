/** Words for model files. */
import type { ModelView } from '$lib/backend';
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
  return `${model.name} · ${model.weights || model.quantisation} · ${size(model.megabytes)}${parts}${base}`;
}
