// What is done with sessions besides running them: found, noted, deleted and had back, measured on.

import { expect, test } from '@playwright/test';
import { open } from './screens';

test('sessions are found by words, by mouse and by keyboard', async ({ page }) => {
  await open(page, '?scenario=measured-gpu#/');
  const items = page.getByTestId('session-item');
  const all = await items.count();
  expect(all).toBeGreaterThan(1);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('find a session');
  await page.getByTestId('close-shortcuts').click();
  const field = page.getByTestId('find-session');
  if (all < 6) {
    await expect(field).toHaveCount(0);
    return;
  }
  await page.keyboard.press('/');
  await expect(field).toBeFocused();
  await field.fill('no such words');
  await expect(items).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(items).toHaveCount(all);
});

test('a deleted session can be had back', async ({ page }) => {
  await open(page, '#/');
  const items = page.getByTestId('session-item');
  const before = await items.count();
  await page.getByTestId('more').click();
  await page.getByTestId('delete-session').click();
  await expect(items).toHaveCount(before - 1);
  await page.getByTestId('toast').getByRole('button', { name: 'Undo' }).click();
  await expect(items).toHaveCount(before);
});

test('a note stays with its session', async ({ page }) => {
  await open(page, '#/');
  await page.getByTestId('add-note').click();
  await page.getByTestId('note-field').fill('Measured with the lid closed.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByTestId('note')).toHaveText('Measured with the lid closed.');
  await page.getByTestId('note').click();
  await page.getByTestId('note-field').fill('');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByTestId('add-note')).toBeVisible();
});

test('a trial is measured on by wish', async ({ page }) => {
  await open(page, '?pace=0.2#/');
  await page.getByTestId('tab-trials').click();
  await page.getByTestId('more-1').click();
  await expect(page.getByTestId('phase')).toContainText('one more repeat');
});

test('a server that runs already is offered and has no knobs of ours', async ({ page }) => {
  await open(page, '?scenario=measured-gpu#/new');
  await page.getByTestId('model-running').check();
  await expect(page.locator('[data-step="1"]')).toContainText('measured as it is');
  await expect(page.getByTestId('all-choices')).toContainText('change by your hand');
  await page.getByTestId('start-session').click();
  await expect(page.getByTestId('session-name')).toBeVisible();
});
