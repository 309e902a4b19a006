// The page on this machine: what the doctor says, and how a person gets along with it.

import { expect, test } from '@playwright/test';
import { open } from './screens';

test('the verdict stands first, and a remedy can be copied', async ({ page }) => {
  await open(page, '?scenario=rapl-denied&pace=0.1#/machine');
  await expect(page.getByTestId('machine-verdict')).toContainText('estimated from CPU time');
  const denied = page.locator('[data-id=rapl-denied]');
  await expect(denied).toHaveAttribute('open', '');
  await denied.getByTestId('copy-command').first().click();
  await expect(denied.getByTestId('copy-command').first()).toHaveText('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    'sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj',
  );
});

test('a note opens and closes by keyboard', async ({ page }) => {
  await open(page, '?scenario=measured-gpu&pace=0.1#/machine');
  const note = page.locator('[data-id=gpu-shared]');
  await note.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(note).toContainText('firefox (4711)');
  await page.keyboard.press('Enter');
  await expect(note).not.toHaveAttribute('open');
});

test('looking again takes a moment and says so', async ({ page }) => {
  await open(page, '?scenario=plug&pace=0.5#/machine');
  await expect(page.getByTestId('machine-verdict')).toContainText('a plug at the wall');
  await page.getByTestId('look-again').click();
  await expect(page.getByTestId('look-again')).toBeDisabled();
  await expect(page.getByTestId('look-again')).toBeEnabled();
});

test('what stands beside a figure is in the details of a trial', async ({ page }) => {
  await open(page, '?scenario=measured-gpu&pace=0.1#/');
  const trial = page.getByTestId('trial').last();
  await trial.getByText('Repeats, settings and command line').click();
  await expect(trial.getByTestId('phases')).toContainText('J/prompt token');
  await expect(trial.getByTestId('beside')).toContainText('desk plug, whole machine at the wall');
  await expect(trial.getByTestId('conditions')).toContainText('P2');
});
