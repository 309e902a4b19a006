// What a new session begins from, where it is made out of a trial of another one.

import type { SessionDraft } from '$lib/backend';

export interface Branch {
  /** Such as "trial 4 of SmolLM2 · chat". */
  from: string;
  draft: SessionDraft;
}

class Branching {
  #next: Branch | null = null;

  begin(branch: Branch): void {
    this.#next = branch;
  }
  /** Gives it once: a form that is opened later starts afresh. */
  take(): Branch | null {
    const next = this.#next;
    this.#next = null;
    return next;
  }
}

export const branching = new Branching();
