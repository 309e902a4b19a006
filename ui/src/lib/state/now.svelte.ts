// The wall clock for the screen's clocks, once a second. Measuring never uses it.

class Now {
  ms = $state(Date.now());
  start(): () => void {
    const timer = setInterval(() => (this.ms = Date.now()), 1000);
    return () => clearInterval(timer);
  }
}

export const now = new Now();
