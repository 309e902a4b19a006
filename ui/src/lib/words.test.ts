import { describe, expect, it } from 'vitest';
import { NO_CONNECTION } from '$lib/backend/mock/machine';
import { askNext, exchangeLine, feedbackLine, PASTE, whom } from './words';

const paste = { ...NO_CONNECTION, kind: 'paste' };

describe('copying and pasting is a way, and nobody', () => {
  it('is not asked, and does not refuse', () => {
    expect(whom(paste, PASTE)).toBe('a chat of your own');
    for (const outcome of ['waiting', 'accepted', 'answered', 'refused', 'failed'] as const)
      expect(exchangeLine(outcome, PASTE)).not.toContain(PASTE);
    expect(exchangeLine('refused', PASTE)).toBe('Pasted reply refused');
    expect(exchangeLine('answered', 'local Qwen 1.5B')).toBe('Answered by local Qwen 1.5B');
  });
  it('makes prompts', () => {
    expect(askNext(paste, false)).toBe('Make the next prompt');
    expect(askNext(NO_CONNECTION, true)).toBe('Get the next proposal');
  });
});
it('tells nobody where numbers propose', () => {
  expect(feedbackLine(true, false)).toBe('Noted');
  expect(feedbackLine(true, true)).toBe('The advisor was told');
});
