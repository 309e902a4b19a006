// Light or dark: as the system says, unless the person chose.

export type Choice = 'system' | 'light' | 'dark';
const KEY = 'wattsmith-theme';
const CHOICES: Choice[] = ['system', 'light', 'dark'];

class Theme {
  choice = $state<Choice>('system');
  #system = $state(false);
  /** What is shown now. */
  shown = $derived(this.choice === 'system' ? (this.#system ? 'dark' : 'light') : this.choice);

  /** Reads the stored choice and follows the system from here on. */
  start(): void {
    const stored = localStorage.getItem(KEY);
    this.choice = CHOICES.find((one) => one === stored) ?? 'system';
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#system = query.matches;
    query.addEventListener('change', (event) => {
      this.#system = event.matches;
      this.#show();
    });
    this.#show();
  }

  /** System, light, dark, and round again. */
  next(): void {
    this.choice = CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] ?? 'system';
    localStorage.setItem(KEY, this.choice);
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.theme = this.shown;
  }
}

export const theme = new Theme();
