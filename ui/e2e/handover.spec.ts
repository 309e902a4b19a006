// A session as one file: out of the menu, in by a path, by the system's dialog and by a drop.

import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { open } from './screens';

test('a session is exported by keyboard, and no file is written over unasked', async ({ page }) => {
  await open(page, '#/');
  await page.getByTestId('more').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('menu-export').focus();
  await page.keyboard.press('Enter');
  const path = page.getByTestId('export-path');
  await expect(path).toHaveValue(/^~\/.+\.wattsmith\.json$/);
  expect(await violations(page)).toEqual([]);
  await path.fill('~/there.wattsmith.json');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('There is a file');
  await path.fill('~/mine.wattsmith.json');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByTestId('toast')).toContainText(
    'Session written to /home/you/mine.wattsmith.json',
  );
});

test('a session is imported from the list, looked at, compared and reported', async ({ page }) => {
  await open(page, '#/');
  const items = page.getByTestId('session-item');
  const before = await items.count();
  await page.evaluate(() => {
    document.documentElement.dataset.chosen = '/home/you/laptop.wattsmith.json';
  });
  await page.getByTestId('import-session').focus();
  await page.keyboard.press('Enter');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('import-path-choose').click();
  await expect(page.getByTestId('import-path')).toHaveValue('/home/you/laptop.wattsmith.json');
  await page.getByTestId('import-now').click();
  await expect(page.getByTestId('session-name')).toHaveText('SmolLM2 · laptop');
  await expect(page.getByTestId('imported')).toContainText('Imported from a file on');
  await expect(items).toHaveCount(before + 1);
  await expect(page.locator('[data-session=s-brought]')).toContainText('imported');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('tab-report').click();
  await expect(page.getByTestId('report-html')).toBeEnabled();
  await page.getByTestId('nav-overview').click();
  await expect(page.getByTestId('compare')).toContainText(', imported');

  await page.getByTestId('overview-import').click();
  await page.getByTestId('import-path').fill('/home/you/laptop.wattsmith.json');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('is here already');
  await expect(items).toHaveCount(before + 1);
});

test('a file that is dropped is asked about; one that is damaged changes nothing', async ({
  page,
}) => {
  await open(page, '#/');
  const items = page.getByTestId('session-item');
  const before = await items.count();
  const drop = (path: string) =>
    page.evaluate(
      (one) => void dispatchEvent(new CustomEvent('wattsmith-drop', { detail: [one] })),
      path,
    );
  await drop('/home/you/picture.png');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await drop('/home/you/damaged.wattsmith.json');
  await expect(page.getByTestId('import-path')).toHaveValue('/home/you/damaged.wattsmith.json');
  await page.getByTestId('import-now').click();
  await expect(page.getByRole('dialog')).toContainText('damaged or cut off');
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(items).toHaveCount(before);
});
