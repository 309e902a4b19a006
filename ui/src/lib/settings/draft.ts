// What a form of settings may hold; the core checks it again.

import type { SettingsDraft } from '$lib/backend';

export type Problems = Partial<
  Record<'pricePerKwh' | 'currency' | 'gridIntensity' | 'answersPerDay', string>
>;

const within = (value: number | null, most: number) =>
  value === null || (Number.isFinite(value) && value >= 0 && value <= most);

/** What cannot be kept, field by field. */
export function problemsOf(draft: SettingsDraft): Problems {
  const problems: Problems = {};
  if (!within(draft.pricePerKwh, 1e6))
    problems.pricePerKwh = 'Write a price from 0 to 1000000, such as 0.32, or leave it empty.';
  const currency = draft.currency.trim();
  if ([...currency].length > 8 || /\d/.test(currency))
    problems.currency = 'Write at most 8 letters or a sign, such as EUR or €.';
  else if (draft.pricePerKwh !== null && !problems.pricePerKwh && !currency)
    problems.currency = 'A price needs its currency, such as EUR or €.';
  if (!within(draft.gridIntensity, 3000))
    problems.gridIntensity = 'Write grams from 0 to 3000, such as 380, or leave it empty.';
  const count = draft.answersPerDay;
  if (count !== null && !(Number.isInteger(count) && count >= 1 && count <= 1e9))
    problems.answersPerDay =
      'Write a whole number from 1 to 1000000000, such as 500, or leave it empty.';
  return problems;
}

/** Why a folder cannot be searched for models; empty where it can. */
export function folderProblem(folder: string, there: string[]): string {
  const path = folder.trim().replace(/(.)\/+$/, '$1');
  if (!path.startsWith('/')) return 'Write the whole path of a folder; it begins with /.';
  if (there.includes(path)) return 'This folder is in the list.';
  if (there.length >= 32) return 'No more than 32 folders are searched.';
  return '';
}
