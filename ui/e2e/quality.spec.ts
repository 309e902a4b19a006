// What must hold on every screen: accessible, dark and light, zoomed, still while measuring.

import { expect, test, type Page } from '@playwright/test';
import { violations } from './axe';
import { open, SCREENS } from './screens';

const THEMES = ['light', 'dark'] as const;
/** A usual window, a small one, 200 % of a usual one, 200 % of the smallest (880 × 600). */
const SIZES = [
  [1440, 900],
  [900, 640],
  [720, 450],
  [440, 300],
] as const;
type Theme = (typeof THEMES)[number];
type Size = (typeof SIZES)[number];

/** Everything that a person can look at in a session beside its story. */
const SIDES = ['story', 'trials', 'trends', 'report'] as const;

/** As tall as the window, one scroll bar a column, nothing to scroll sideways. */
async function fits(page: Page, size: Size) {
  const seen = await page.evaluate(() => {
    const scrolls = (one: Element) =>
      one.scrollHeight > one.clientHeight + 1 &&
      ['auto', 'scroll'].includes(getComputedStyle(one).overflowY);
    const column = [...document.querySelectorAll('main, main .middle, main .body')];
    const parts = [
      document.documentElement,
      ...document.querySelectorAll('#main, .middle, .body, aside'),
    ];
    return {
      beyond: document.documentElement.scrollHeight - innerHeight,
      bars: column.filter(scrolls).map((one) => one.className || one.tagName),
      wide: parts
        .filter((one) => one.scrollWidth > one.clientWidth + 1)
        .map((one) => `${one.tagName}.${one.className} ${one.scrollWidth} > ${one.clientWidth}`),
    };
  });
  const at = size.join(' × ');
  expect(seen.wide, at).toEqual([]);
  // Below that the whole page scrolls.
  if (size[0] < 900) return;
  expect(seen.beyond, at).toBe(0);
  expect(seen.bars.length, `${at}: ${seen.bars.join()}`).toBeLessThanOrEqual(1);
}

async function look(page: Page, theme: Theme, size: Size) {
  await page.emulateMedia({ colorScheme: theme });
  await page.setViewportSize({ width: size[0], height: size[1] });
  await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
}

if (process.env.ALL) {
  // Every screen in every size and theme, each loaded for itself: `make test-ui-all`.
  for (const theme of THEMES)
    for (const size of SIZES)
      for (const [name, address] of Object.entries(SCREENS))
        test(`${name}, ${theme}, ${size.join(' × ')}`, async ({ page }) => {
          await page.emulateMedia({ colorScheme: theme });
          await page.setViewportSize({ width: size[0], height: size[1] });
          await open(page, address);
          await look(page, theme, size);
          expect(await violations(page)).toEqual([]);
          for (const side of name.startsWith('session') ? SIDES : []) {
            await page.getByTestId(`tab-${side}`).click();
            await fits(page, size);
          }
          await fits(page, size);
        });
} else {
  // Every pair of a screen, a size and a theme is looked at once at least.
  for (const [at, [name, address]] of Object.entries(SCREENS).entries())
    test(`${name} is accessible and fits, by day and by night, small and large`, async ({
      page,
    }) => {
      // Four looks at one screen take as long as four tests.
      test.slow();
      const [first, second] = at % 2 === 0 ? THEMES : ([...THEMES].reverse() as [Theme, Theme]);
      await page.emulateMedia({ colorScheme: first });
      await page.setViewportSize({ width: SIZES[0][0], height: SIZES[0][1] });
      await open(page, address);
      await look(page, first, SIZES[0]);
      expect(await violations(page)).toEqual([]);
      await fits(page, SIZES[0]);
      await look(page, second, SIZES[2]);
      expect(await violations(page)).toEqual([]);
      await fits(page, SIZES[2]);
      await look(page, at % 4 < 2 ? first : second, SIZES[3]);
      await fits(page, SIZES[3]);
      await look(page, at % 4 < 2 ? second : first, SIZES[1]);
      await fits(page, SIZES[1]);
      for (const side of name.startsWith('session') ? SIDES : []) {
        await page.getByTestId(`tab-${side}`).click();
        await fits(page, SIZES[1]);
      }
    });
}

test('menus and dialogs are accessible', async ({ page }) => {
  await open(page, '?scenario=consent#/');
  await page.getByTestId('export-report').click();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByTestId('consent').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('an opened proposal editor is accessible', async ({ page }) => {
  await open(page, '?pace=0.05#/');
  await page.getByTestId('ask').click();
  await page.getByTestId('edit-proposal').click();
  await expect(page.getByTestId('edit-knobs')).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('wheeling over the charts moves the charts and nothing else', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 700 });
  await open(page, '?scenario=ended#/');
  await page.locator('aside').hover();
  for (let n = 0; n < 12; n++) await page.mouse.wheel(0, 400);
  await expect
    .poll(() => page.locator('aside').evaluate((one) => one.scrollTop))
    .toBeGreaterThan(0);
  expect(await page.evaluate(() => [scrollX, scrollY])).toEqual([0, 0]);
  await expect(page.getByTestId('action-bar')).toBeInViewport({ ratio: 1 });
});

test('a window that is measured again says so, and its bar never goes back', async ({ page }) => {
  await open(page, '?scenario=again&pace=0.1#/');
  await expect(page.getByTestId('attempt')).toHaveText(
    '2nd try: other programs used 71 % of the CPU',
  );
  const bar = page.getByRole('progressbar');
  let most = 0;
  for (let n = 0; n < 8; n++) {
    if ((await bar.count()) === 0) break;
    const now = Number(await bar.getAttribute('aria-valuenow'));
    expect(now).toBeGreaterThanOrEqual(most);
    most = now;
    await page.waitForTimeout(400);
  }
});

test('closing while something is measured asks first', async ({ page }) => {
  await open(page, '?scenario=running#/');
  await expect(page.getByTestId('phase')).toBeVisible();
  const close = () => page.evaluate(() => dispatchEvent(new Event('wattsmith-close')));
  const closed = () => page.evaluate(() => document.documentElement.dataset.closed);
  await close();
  await page.getByTestId('keep-measuring').click();
  await expect.poll(closed).toBe('false');
  await close();
  await page.getByTestId('close-now').click();
  await expect.poll(closed).toBe('true');
  await open(page, '#/');
  await close();
  await expect.poll(closed).toBe('true');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('no colour of the other theme flashes while the window opens', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.addInitScript(() => localStorage.setItem('wattsmith-theme', 'dark'));
  await page.route('**/assets/*.js', async (route) => {
    await new Promise((done) => setTimeout(done, 600));
    await route.continue();
  });
  await page.goto('/#/', { waitUntil: 'commit' });
  await page.waitForFunction(() => document.documentElement?.dataset.theme === 'dark');
  const paper = await page.evaluate(
    () => getComputedStyle(document.documentElement).backgroundColor,
  );
  expect(paper).toBe('rgb(21, 20, 18)');
});

test('a message covers no button', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  await page.getByTestId('export-report').click();
  await page.getByTestId('export-html').click();
  await expect(page.getByTestId('toast')).toContainText('Show in folder');
  const covered = await page.evaluate(
    () =>
      [...document.querySelectorAll<HTMLElement>('#main button, nav a')].filter((one) => {
        const box = one.getBoundingClientRect();
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        if (box.width === 0 || y < 0 || y > innerHeight) return false;
        return document.elementFromPoint(x, y)?.closest('.toasts') !== null;
      }).length,
  );
  expect(covered).toBe(0);
});

test('colours follow the system, and the choice is kept', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, '#/');
  const theme = page.locator('html');
  await expect(theme).toHaveAttribute('data-theme', 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(theme).toHaveAttribute('data-theme', 'dark');
  await page.getByTestId('theme').click();
  await expect(theme).toHaveAttribute('data-theme', 'light');
  await page.reload();
  await expect(theme).toHaveAttribute('data-theme', 'light');
});

test('while a window is open nothing moves but the chart and the clock', async ({ page }) => {
  await open(page, '?scenario=running&pace=0.1#/');
  const root = page.locator('html');
  const hover = page.getByTestId('export-report');
  const moving = () => page.evaluate(() => document.getAnimations().length);

  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'measuring');
  await expect(root).toHaveClass(/still/);
  await expect(page.getByTestId('still')).toHaveText(
    'measuring: this screen stands still, to cost nothing',
  );
  await hover.hover();
  expect(await moving()).toBe(0);

  const batches = await page.evaluate(
    () =>
      new Promise<number>((done) => {
        let seen = 0;
        const watch = new MutationObserver(() => seen++);
        watch.observe(document.body, {
          subtree: true,
          childList: true,
          characterData: true,
          attributes: true,
        });
        setTimeout(() => (watch.disconnect(), done(seen)), 2000);
      }),
  );
  expect(batches).toBeLessThanOrEqual(10);
});

test('the same hover does move when no window is open', async ({ page }) => {
  await open(page, '#/');
  await page.addStyleTag({ content: '.btn { transition-duration: 5s !important; }' });
  await page.getByTestId('by-hand').hover();
  await expect.poll(() => page.evaluate(() => document.getAnimations().length)).toBeGreaterThan(0);
});

test('slow looks different from stuck', async ({ page }) => {
  await page.clock.install();
  await open(page, '?scenario=running&pace=100#/');
  await expect(page.getByTestId('phase')).toContainText('left in this step');
  await expect(page.getByTestId('overdue')).toHaveCount(0);
  await page.evaluate(() => {
    const later = Date.now() + 3_600_000;
    Date.now = () => later;
  });
  await page.clock.runFor(2000);
  await expect(page.getByTestId('overdue')).toContainText('Slower than expected');
  await expect(page.getByTestId('overdue')).toContainText('memory');
});

test('estimated figures always carry the word', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  await expect(page.getByTestId('answer')).toContainText('estimated');
  for (const card of await page.getByTestId('trial').all())
    await expect(card).toContainText(/estimate/i);
  await expect(page.locator('aside')).toContainText('(estimated)');
  await open(page, '?scenario=measured-gpu#/');
  await expect(page.locator('aside')).not.toContainText(/estimated/i);
});
