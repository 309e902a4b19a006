// The wall clock for the screen's clocks, once a second. Measuring never uses it.

class Now {
  ms = $state(Date.now());
  /** Ticks until the returned function is called; `beat` runs in the same frame as the clocks. */
  start(beat: () => void): () => void {
    const timer = setInterval(() => {
      this.ms = Date.now();
      beat();
    }, 1000);
    return () => clearInterval(timer);
  }
}

export const now = new Now();
