// Before anything is painted: the colours that the person chose, so that the other ones never flash.
(() => {
  let choice = 'system';
  try {
    choice = localStorage.getItem('wattsmith-theme') ?? 'system';
  } catch {
    // Without storage it is as the system says.
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const shown = choice === 'light' || choice === 'dark' ? choice : dark ? 'dark' : 'light';
  document.documentElement.dataset.theme = shown;
})();
