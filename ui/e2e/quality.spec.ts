// What must hold on every screen: accessible, dark and light, zoomed, still while measuring.

import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { open, SCREENS } from './screens';

for (const colorScheme of ['light', 'dark'] as const)
  for (const [name, address] of Object.entries(SCREENS))
    test(`${name} is accessible in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await open(page, address);
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
      expect(await violations(page)).toEqual([]);
    });

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

// 200 % of 1440 × 900 and of the smallest window, 880 × 600.
for (const [width, height] of [
  [720, 450],
  [440, 300],
] as const)
  for (const [name, address] of Object.entries(SCREENS))
    test(`${name} needs no sideways scrolling at ${width} × ${height}`, async ({ page }) => {
      await page.setViewportSize({ width, height });
      await open(page, address);
      const wide = await page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('#main, .middle')]
          .filter((element) => element.scrollWidth > element.clientWidth + 1)
          .map(
            (element) =>
              `${element.tagName}.${element.className} ${element.scrollWidth} > ${element.clientWidth}`,
          ),
      );
      expect(wide).toEqual([]);
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
    'measuring: nothing else moves on this screen',
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
  for (const card of await page.getByTestId('trial').all())
    await expect(card).toContainText(/estimated/i);
  await expect(page.locator('aside')).toContainText('(estimated)');
  await open(page, '?scenario=measured-gpu#/');
  await expect(page.locator('aside')).not.toContainText(/estimated/i);
});
