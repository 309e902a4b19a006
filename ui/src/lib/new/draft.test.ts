import { describe, expect, it } from 'vitest';
import { options } from '$lib/backend/mock/options';
import { OWN_FILE, connectionProblems, problemsOf, readThreshold, tidy } from './draft';

const all = options(false, true);
const draft = (change: Partial<typeof all.draft>) => ({ ...structuredClone(all.draft), ...change });

describe('a goal', () => {
  it('is per cent or joules', () => {
    expect(readThreshold('10%')).toEqual({ value: 10, unit: '%' });
    expect(readThreshold(' 0.25 j ')).toEqual({ value: 0.25, unit: 'J' });
  });
  it.each(['', '10', '-3%', '100%', '0%', 'J', 'ten%', '1e3J'])('is not %j', (text) => {
    expect(readThreshold(text)).toBeNull();
  });
});

describe('a draft', () => {
  it('is ready as it comes', () => {
    expect(problemsOf(all.draft, all)).toEqual({});
  });
  it('says what is wrong where it is wrong', () => {
    const wrong = draft({
      threshold: '%',
      budget: Number.NaN,
      repeats: 0,
      tuned: [],
      minTokensPerSecond: -1,
      connection: { ...all.draft.connection, kind: 'openai', model: ' ', baseUrl: 'host/v1' },
    });
    expect(Object.keys(problemsOf(wrong, all)).sort()).toEqual([
      'baseUrl',
      'budget',
      'minTokensPerSecond',
      'model',
      'repeats',
      'threshold',
      'tuned',
    ]);
  });
  it('asks for prices before a cap, where somebody sends a bill', () => {
    const server = { ...all.draft.connection, kind: 'gemini', model: 'm' };
    expect(connectionProblems(server)).toEqual({});
    expect(connectionProblems({ ...server, spendingCap: 1 })).toHaveProperty('spendingCap');
    expect(connectionProblems({ ...server, priceIn: 1, priceOut: 2, spendingCap: 1 })).toEqual({});
    expect(connectionProblems({ ...server, priceIn: 1 })).toHaveProperty('price');
    expect(connectionProblems({ ...server, priceIn: Number.NaN, priceOut: 2 })).toHaveProperty(
      'price',
    );
    expect(connectionProblems({ ...server, kind: 'ollama', spendingCap: 1 })).toEqual({});
  });
  it('cannot start without an engine, and passes the reason on', () => {
    expect(
      problemsOf(all.draft, { ...all, engineProblem: 'No llama-server was found.' }).engine,
    ).toContain('llama-server');
  });
  it('with a file of one’s own needs the file, and a rate where it arrives by chance', () => {
    const own = { workload: OWN_FILE, arrivals: 'poisson:0', answerTokens: 1 };
    expect(Object.keys(problemsOf(draft(own), all)).sort()).toEqual([
      'answerTokens',
      'arrivals',
      'workFile',
    ]);
    const whole = draft({ workload: OWN_FILE, workFile: ' /a.csv ', arrivals: 'poisson:0.5' });
    expect(problemsOf(whole, all)).toEqual({});
    expect(tidy(whole, all).workFile).toBe('/a.csv');
    expect(tidy({ ...whole, workload: 'chat' }, all).workFile).toBe('');
  });
  it('is proposed by somebody who fits the connection', () => {
    const none = { ...all.draft.connection, kind: 'none' };
    expect(tidy(draft({ advisor: 'guided', connection: none }), all).advisor).toBe('surrogate');
    expect(tidy(draft({ advisor: 'rule', connection: none }), all).advisor).toBe('rule');
    expect(tidy(draft({ advisor: 'guided' }), all).advisor).toBe('guided');
  });
  it('leaves locked knobs out when it is sent', () => {
    const sent = tidy(
      draft({ tuned: ['threads', 'cache-type-k'], name: ' x ', threshold: '10 %' }),
      all,
    );
    expect(sent).toMatchObject({ tuned: ['threads'], name: 'x', threshold: '10%' });
    expect(tidy(draft({ tuned: ['cache-type-k'], qualityLock: false }), all).tuned).toEqual([
      'cache-type-k',
    ]);
  });
});
