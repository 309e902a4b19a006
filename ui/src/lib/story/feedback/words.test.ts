import { describe, expect, it } from 'vitest';
import { addedWords } from './words';

const added = (draft: string, edit: string) =>
  addedWords(draft, edit)
    .filter((piece) => piece.added)
    .map((piece) => piece.text.trim())
    .filter(Boolean);

describe('an edit', () => {
  it('adds nothing when nothing was typed', () => {
    expect(addedWords('as it was', 'as it was')).toEqual([{ text: 'as it was', added: false }]);
  });
  it('marks a sentence in the middle and one at the end', () => {
    expect(added('One. Three.', 'One. Two two. Three. Four!')).toEqual(['Two two.', 'Four!']);
  });
  it('marks a replaced word, not the sentence around it', () => {
    expect(added('keep it under 0.3 s', 'keep it under 0.2 s')).toEqual(['0.2']);
  });
  it('marks nothing when words were only taken away', () => {
    expect(added('a b c d', 'a d')).toEqual([]);
  });
  it('always puts the edit together again, character by character', () => {
    for (const [draft, edit] of [
      ['', 'new\ntext'],
      ['old', ''],
      ['a  b\n\nc', 'a b\n c  d'],
    ] as const)
      expect(
        addedWords(draft, edit)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(edit);
  });
});
