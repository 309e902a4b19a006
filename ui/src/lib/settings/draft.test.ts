import { describe, expect, it } from 'vitest';
import type { SettingsDraft } from '$lib/backend';
import { folderProblem, problemsOf } from './draft';

const none: SettingsDraft = {
  pricePerKwh: null,
  currency: '',
  gridIntensity: null,
  answersPerDay: null,
  energyUnit: 'watt-hours',
  theme: null,
  modelFolders: [],
};

describe('settings', () => {
  it('may be left empty', () => expect(problemsOf(none)).toEqual({}));
  it('may be filled in', () =>
    expect(
      problemsOf({
        ...none,
        pricePerKwh: 0.32,
        currency: '€',
        gridIntensity: 380,
        answersPerDay: 500,
      }),
    ).toEqual({}));
  it('hold no number that is none, and no price without its currency', () => {
    const wrong = problemsOf({
      ...none,
      pricePerKwh: NaN,
      gridIntensity: -1,
      answersPerDay: 1.5,
      currency: 'doubloons',
    });
    expect(Object.keys(wrong).sort()).toEqual([
      'answersPerDay',
      'currency',
      'gridIntensity',
      'pricePerKwh',
    ]);
    expect(problemsOf({ ...none, pricePerKwh: 0.3 }).currency).toContain('needs its currency');
  });
  it('name folders by their whole paths, each once', () => {
    expect(folderProblem('/srv/models/', [])).toBe('');
    expect(folderProblem('/srv/models/', ['/srv/models'])).toContain('in the list');
    expect(folderProblem('models', [])).toContain('whole path');
  });
});
