// The trial that the person points at, in whichever chart, table or row: all of them show it.

class Pointed {
  trial = $state<string | null>(null);

  at(id: string | null): void {
    this.trial = id;
  }
}

export const pointed = new Pointed();
