// The edit that is still being typed: whoever asks the advisor saves it first.

let save: (() => Promise<void>) | null = null;

export function registerUnsaved(next: (() => Promise<void>) | null): void {
  save = next;
}

/** Saves what is being typed, if anything is. */
export async function saveUnsaved(): Promise<void> {
  await save?.();
}
