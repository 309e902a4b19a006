// Which change earned it: offered after a confirmed winner, shown change by change.

import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { open, step } from './screens';

test('after a confirmed winner its changes are undone one by one, and what is left is confirmed', async ({
  page,
}) => {
  await open(page, '?scenario=ended&pace=0.01#/');
  await step(page, 'ended');
  const bar = page.getByTestId('action-bar');
  await expect(page.getByTestId('undo-each')).toHaveText('Undo each change by itself…');
  await expect(bar.getByTestId('step-cost')).toHaveText(/^about \d+.min$/);
  await expect(page.getByTestId('resume')).toBeVisible();
  // By keyboard: the sensible step, then the minutes.
  await page.keyboard.press('Control+Enter');
  const minutes = page.getByTestId('undo-minutes');
  await expect(minutes).not.toHaveValue('');
  expect(await violations(page)).toEqual([]);
  await minutes.fill('0');
  await expect(page.getByTestId('undo-begin')).toBeDisabled();
  await minutes.fill('15');
  await page.getByTestId('undo-begin').click();
  await step(page, 'busy');

  const rows = page.getByTestId('undone');
  await expect(rows).toHaveCount(3);
  await expect(page.getByTestId('simpler')).toContainText('were confirmed anew', {
    timeout: 40_000,
  });
  await step(page, 'ended');
  const poll = rows.filter({ hasText: 'poll' });
  await expect(poll).toContainText('may be dropped');
  const parallel = rows.filter({ hasText: 'parallel' });
  await expect(parallel).toContainText('earns its place');
  await expect(parallel).toContainText(/between .* and .* more/);
  await expect(page.getByTestId('confirmation')).toHaveCount(2);
  // Everything is known now.
  await expect(page.getByTestId('undo-each')).toHaveCount(0);
  expect(await violations(page)).toEqual([]);
});

test('where every change is decided the simpler settings are what is left', async ({ page }) => {
  await open(page, '?scenario=undone&pace=0.01#/');
  await expect(page.getByTestId('undone')).toHaveCount(3);
  await expect(page.getByTestId('undo-each')).toHaveText('Confirm the simpler settings');
  await expect(page.getByTestId('step-cost')).toHaveText(/min to .*J/);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByTestId('simpler')).toContainText('trial 6, were confirmed anew');
  await expect(page.getByTestId('undo-each')).toHaveCount(0);
});

test('a session of elsewhere offers no undoing here', async ({ page }) => {
  await open(page, '?scenario=imported#/session/s-brought');
  await step(page, 'ended');
  await expect(page.getByTestId('undo-each')).toHaveCount(0);
  await expect(page.getByTestId('resume')).toBeVisible();
});
