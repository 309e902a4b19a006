import { describe, expect, it } from 'vitest';
import { meant } from './shortcuts';

function pressed(init: KeyboardEventInit, on = 'div') {
  const target = document.createElement(on);
  document.body.append(target);
  let wanted: ReturnType<typeof meant> = null;
  target.addEventListener('keydown', (event) => (wanted = meant(event)));
  target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, ...init }));
  target.remove();
  return wanted;
}

describe('shortcuts', () => {
  it('are taken where nothing is written', () => {
    expect(pressed({ key: '?', shiftKey: true })).toBe('help');
    expect(pressed({ key: '/' })).toBe('search');
    expect(pressed({ key: 'n', ctrlKey: true })).toBe('new');
    expect(pressed({ key: 'n' })).toBeNull();
  });

  it('leave what a person writes alone', () => {
    for (const on of ['input', 'textarea', 'select']) {
      expect(pressed({ key: '?' }, on)).toBeNull();
      expect(pressed({ key: '/' }, on)).toBeNull();
      expect(pressed({ key: 'n', ctrlKey: true }, on)).toBe('new');
    }
  });
});
