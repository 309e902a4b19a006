// Which finished trials of the story are unfolded, or folded although they would stand open.

class OpenTrials {
  #said = $state<Record<string, boolean>>({});

  /** Whether a trial is unfolded; `usually` where the person has said nothing. */
  is(id: string, usually: boolean): boolean {
    return this.#said[id] ?? usually;
  }
  open(id: string): void {
    this.#said[id] = true;
  }
  set(id: string, open: boolean): void {
    this.#said[id] = open;
  }
}

export const openTrials = new OpenTrials();
