import { describe, expect, it } from 'vitest';
import { aboutAdvisor, advisorFor, asksChat, BY_CHAT, BY_NUMBERS, remembers } from './advisors';

describe('advisors', () => {
  it('are all those of the core, once each and with a line', () => {
    const names = [...BY_CHAT, ...BY_NUMBERS].map((one) => one.name);
    expect([...names].sort()).toEqual(
      [
        'baseline',
        'enhanced',
        'gp',
        'guided',
        'random',
        'rule',
        'sobol',
        'surrogate',
        'tpe',
      ].sort(),
    );
    for (const name of names) expect(aboutAdvisor(name)).toMatch(/\.$/);
  });
  it('remember where the core lets earlier sessions teach them', () => {
    const names = [...BY_CHAT, ...BY_NUMBERS].map((one) => one.name).filter(remembers);
    expect(names).toEqual(['guided', 'enhanced', 'surrogate', 'gp', 'tpe']);
    expect(remembers('person')).toBe(false);
  });
  it('stay when they fit the connection, and change when they do not', () => {
    expect(advisorFor('none', 'tpe')).toBe('tpe');
    expect(advisorFor('none', 'guided')).toBe('surrogate');
    expect(advisorFor('local', 'baseline')).toBe('baseline');
    expect(advisorFor('paste', 'sobol')).toBe('guided');
    expect(asksChat('gp')).toBe(false);
  });
});
