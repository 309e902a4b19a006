// A machine set to the locale "C" makes WebKit say that its language is "C", which Intl refuses.
// uPlot asks Intl with it while it is loaded, and the window would stay blank. Import this first.

/** Gives the browser a language that Intl knows, where its own is none. */
export function mendLanguage(browser: Navigator): void {
  try {
    new Intl.NumberFormat(browser.language);
  } catch {
    Object.defineProperty(browser, 'language', { value: 'en', configurable: true });
  }
}

if (typeof navigator !== 'undefined') mendLanguage(navigator);
