// Light or dark: as the system says, unless the person chose. The settings keep the choice; a copy in the
// window's own storage is there before anything is painted.

import type { ThemeChoice } from '$lib/backend';

export type Choice = ThemeChoice;
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

  /** After system light, after light dark, and round again. */
  get following(): Choice {
    return CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] ?? 'system';
  }

  choose(choice: Choice): void {
    this.choice = choice;
    localStorage.setItem(KEY, choice);
    this.#show();
  }

  #show(): void {
    const root = document.documentElement;
    root.classList.add('turning');
    root.dataset.theme = this.shown;
    requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove('turning')));
  }
}

export const theme = new Theme();
