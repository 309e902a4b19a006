// Which words of an edit are the person's own.

export interface Piece {
  text: string;
  added: boolean;
}

const split = (text: string) => text.match(/\s+|[^\s]+/g) ?? [];

/** Cuts `edit` into pieces that were in the draft and pieces that were added, in order. */
export function addedWords(draft: string, edit: string): Piece[] {
  const [a, b] = [split(draft), split(edit)];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));

  const pieces: Piece[] = [];
  const add = (text: string, added: boolean) => {
    const last = pieces.at(-1);
    if (last?.added === added) last.text += text;
    else pieces.push({ text, added });
  };
  let [i, j] = [0, 0];
  while (j < b.length) {
    const word = b[j] ?? '';
    if (i < a.length && a[i] === word && at(i, j) === at(i + 1, j + 1) + 1) {
      add(word, false);
      i++;
      j++;
    } else if (i < a.length && at(i + 1, j) >= at(i, j + 1)) i++;
    else {
      add(word, true);
      j++;
    }
  }
  return pieces;
}
