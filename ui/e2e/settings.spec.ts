// What holds for all sessions: entered, refused, kept.

import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { open } from './screens';

test('settings are reached, filled in and saved with the keyboard alone', async ({ page }) => {
  await open(page, '#/');
  await page.getByTestId('nav-settings').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toBeVisible();
  await expect(page.getByTestId('nav-this-machine')).toBeVisible();
  await page.getByTestId('price-per-kwh').focus();
  await page.keyboard.type('0,32');
  await page.keyboard.press('Tab');
  await page.keyboard.type('€');
  await page.keyboard.press('Tab');
  await page.keyboard.type('380');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('settings-said')).toHaveText('Saved.');
  await page.goto('/#/overview');
  await page.getByTestId('nav-settings').click();
  await expect(page.getByTestId('price-per-kwh')).toHaveValue('0.32');
});

test('what cannot be says what may, and the cursor goes there', async ({ page }) => {
  await open(page, '#/settings');
  await page.getByTestId('answers-per-day').fill('some');
  await page.getByTestId('price-per-kwh').fill('0.3');
  await page.getByTestId('save-settings').click();
  await expect(page.getByText('A price needs its currency')).toBeVisible();
  await expect(page.getByText('Write a whole number')).toBeVisible();
  await expect(page.getByTestId('currency')).toBeFocused();
  expect(await violations(page)).toEqual([]);
});

test('folders are added and removed', async ({ page }) => {
  await open(page, '#/settings');
  await page.getByTestId('model-folder').fill('models');
  await page.getByTestId('add-folder').click();
  await expect(page.getByText('Write the whole path')).toBeVisible();
  await page.getByTestId('model-folder').fill('/srv/models');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('settings-said')).toHaveText('Not saved yet.');
  await expect(page.getByRole('list', { name: 'Folders with models' })).toContainText(
    '/srv/models',
  );
  await page.getByTestId('remove-folder').click();
  await expect(page.getByRole('list', { name: 'Folders with models' })).toHaveCount(0);
});

test('colours are chosen here, and the button at the top follows', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, '#/settings');
  await page.getByTestId('colours-dark').check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByTestId('theme')).toHaveAttribute('aria-label', /dark/);
  await page.getByTestId('theme').click();
  await expect(page.getByTestId('colours-system')).toBeChecked();
});

test('a file that cannot be read is told, and set aside when settings are saved', async ({
  page,
}) => {
  await open(page, '?scenario=bad-settings#/settings');
  await expect(page.getByTestId('settings-problem')).toContainText('line 1');
  await page.getByTestId('save-settings').click();
  await expect(page.getByTestId('settings-said')).toContainText('settings.unreadable-1.toml');
  await expect(page.getByTestId('settings-problem')).toHaveCount(0);
});
