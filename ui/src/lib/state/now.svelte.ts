// The wall clock for the screen's clocks. Measuring never uses it.

/** Between two paintings, milliseconds; while a window is measured painting would cost energy. */
const EVERY_MS = 1000;
const EVERY_MEASURING_MS = 5000;

class Now {
  ms = $state(Date.now());
  /** Ticks until the returned function is called; `beat` runs in the same frame as the clocks. */
  start(beat: () => void, measuring: boolean): () => void {
    const timer = setInterval(
      () => {
        this.ms = Date.now();
        beat();
      },
      measuring ? EVERY_MEASURING_MS : EVERY_MS,
    );
    return () => clearInterval(timer);
  }
}

export const now = new Now();
