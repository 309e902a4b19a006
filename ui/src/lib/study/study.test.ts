import { describe, expect, it } from 'vitest';
import { mockBackend } from '$lib/backend/mock';
import {
  aboutArm,
  armTable,
  checkSentence,
  comparisonTable,
  leading,
  pValue,
  studyProblems,
  wait,
  withArm,
} from './study';

const backend = mockBackend(new URLSearchParams('pace=0.001'));
const { draft, arms } = await backend.studyOptions();

describe('a study that is planned', () => {
  it('is ready as it comes, with a line for every method', () => {
    expect(studyProblems(draft, arms)).toEqual({});
    for (const arm of arms) expect(aboutArm(arm.name)).toMatch(/\.$/);
  });
  it('says what is wrong where it is wrong', () => {
    const wrong = {
      ...draft,
      landscape: '',
      arms: [],
      seeds: 1,
      budget: Number.NaN,
      repeats: 0,
      belowPercent: 0,
      minTokensPerSecond: -1,
      maxTimeToFirstTokenS: Number.NaN,
    };
    expect(Object.keys(studyProblems(wrong, arms)).sort()).toEqual([
      'arms',
      'below',
      'budget',
      'landscape',
      'latest',
      'repeats',
      'seeds',
      'slowest',
    ]);
  });
  it('looks at the connection, and asks for agreement, only where somebody is asked', () => {
    const connection = { ...draft.connection, kind: 'openai', model: 'm' };
    expect(studyProblems({ ...draft, connection }, arms)).toEqual({});
    const asking = { ...draft, connection, arms: ['guided', 'random'] };
    expect(Object.keys(studyProblems(asking, arms))).toEqual(['agreed']);
    expect(studyProblems({ ...asking, agreed: true }, arms)).toEqual({});
    const here = { ...connection, baseUrl: 'http://127.0.0.1:8080/v1' };
    expect(studyProblems({ ...asking, connection: here }, arms)).toEqual({});
  });
  it('keeps who is held against the others when arms come and go', () => {
    const start = { ...draft, arms: ['rule', 'surrogate', 'random'] };
    expect(withArm(start, 'gp', true, arms)).toEqual(['rule', 'surrogate', 'random', 'gp']);
    expect(withArm(start, 'rule', false, arms)).toEqual(['surrogate', 'random']);
    expect(leading(['a', 'b'], 'c')).toEqual(['a', 'b']);
  });
});

describe('a finished study', () => {
  it('has as many cells as heads in every row, and prompts only where somebody was asked', async () => {
    const [line] = await backend.studies();
    const view = await backend.study(line?.id ?? '');
    const asked = { ...view, arms: view.arms.map((arm) => ({ ...arm, prompts: 4.4 })) };
    for (const table of [armTable(view), armTable(asked), comparisonTable(view)])
      for (const row of table.rows) expect(row.length).toBe(table.heads.length);
    expect(armTable(view).heads).not.toContain('Prompts a run');
    expect(armTable(asked).heads).toContain('Prompts a run');
    expect(comparisonTable(view).rows.length).toBe(view.arms.length - 1);
  });
  it('says what was never reached', () => {
    expect(wait({ median: null, mean: 18 })).toBe('not reached · 18.0');
    expect(wait({ median: 3, mean: 4.25 })).toMatch(/^3 · 4\.[23]$/);
    expect(pValue(0.0004)).toContain('<');
    expect(pValue(0.0123)).toBe('0.012');
  });
  it('warns where the check by counting fails', () => {
    const check = { expected: 9, seen: 9.2, standardErrors: 0.5 };
    expect(checkSentence(check)).toContain('They agree');
    expect(checkSentence({ ...check, standardErrors: -5 })).toContain('something is wrong');
    expect(checkSentence(null)).toBe('');
  });
});
