// The pretended settings: kept as long as the page.

import { BackendError } from '../error';
import type { Backend } from '../index';
import type { SettingsDraft } from '../bindings';

const UNREADABLE =
  'The settings in /home/you/.local/share/wattsmith/settings.toml are not used: TOML parse error at line 1, column 17. Put that right, or save settings here: the file is then set aside beside the new one, and nothing of it is lost.';

export function settings(broken: boolean): Pick<Backend, 'settings' | 'saveSettings'> {
  let chosen: SettingsDraft = {
    pricePerKwh: null,
    currency: '',
    gridIntensity: null,
    answersPerDay: null,
    energyUnit: 'watt-hours',
    theme: null,
    modelFolders: [],
  };
  let problem = broken ? UNREADABLE : '';
  return {
    settings: async () => ({
      chosen: structuredClone(chosen),
      file: '/home/you/.local/share/wattsmith/settings.toml',
      dataFolder: '/home/you/.local/share/wattsmith',
      problem,
    }),
    saveSettings: async (draft) => {
      if (draft.pricePerKwh !== null && !(draft.pricePerKwh >= 0))
        throw new BackendError(
          'other',
          `price-per-kwh cannot be ${draft.pricePerKwh}: write a price from 0 to 1000000, such as 0.32.`,
        );
      chosen = { ...structuredClone(draft), currency: draft.currency.trim() };
      const aside = problem ? '/home/you/.local/share/wattsmith/settings.unreadable-1.toml' : '';
      problem = '';
      return aside;
    },
  };
}
