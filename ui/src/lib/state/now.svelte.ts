// The wall clock for the screen's clocks. Measuring never uses it.

/** What goes on, as far as it matters to how often the screen is painted. */
export type Pace = 'resting' | 'working' | 'measuring';

/**
 * Between two paintings, milliseconds. While a window is measured painting would cost energy; where nothing
 * runs no clock is shown, and waking up would cost some for nothing.
 */
const EVERY_MS: Record<Pace, number> = { resting: 60_000, working: 1000, measuring: 5000 };

class Now {
  ms = $state(Date.now());
  /** Ticks until the returned function is called; `beat` runs in the same frame as the clocks. */
  start(beat: () => void, pace: Pace): () => void {
    this.ms = Date.now();
    const timer = setInterval(() => {
      this.ms = Date.now();
      beat();
    }, EVERY_MS[pace]);
    return () => clearInterval(timer);
  }
}

export const now = new Now();
