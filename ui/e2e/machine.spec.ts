// The page on this machine: what the doctor says, and how a person gets along with it.

import { expect, test } from '@playwright/test';
import { violations } from './axe';
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
  await open(page, '?scenario=plug&pace=3#/machine');
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

test('a meter is added by keyboard, tested and removed', async ({ page }) => {
  await open(page, '?scenario=rapl-denied&pace=0.2#/machine');
  await page.getByTestId('add-meter').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('kind-shelly2').focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('kind-shelly1')).toBeChecked();
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('meter-name')).toBeFocused();
  await page.keyboard.type('desk');
  await page.keyboard.press('Tab');
  await page.keyboard.type('http://192.168.1.99');
  await page.getByTestId('try-meter').click();
  await expect(page.getByTestId('form-said')).toContainText('No answer from');
  await page.getByTestId('meter-url').fill('http://192.168.1.7');
  await page.getByTestId('meter-url').press('Enter');
  const meter = page.getByTestId('meter');
  await expect(meter).toContainText('beside the figure');
  await meter.getByTestId('test-meter').click();
  await expect(meter.getByTestId('meter-said')).toContainText('It answers: 61.3 W');
  await meter.getByTestId('remove-meter').click();
  await page.getByTestId('remove-for-good').click();
  await expect(meter).toHaveCount(0);
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`the form for a meter is accessible in ${colorScheme} and fits a narrow window`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, '?scenario=plug&pace=0.1#/machine');
    await page.getByTestId('add-meter').click();
    await page.getByTestId('kind-command').click();
    await page.getByTestId('save-meter').click();
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 440, height: 300 });
    const main = page.locator('#main');
    expect(await main.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(1);
  });

for (const colorScheme of ['light', 'dark'] as const)
  test(`the noise is looked at and shown as chart and table, accessible in ${colorScheme}`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, '?scenario=lively&pace=0.1#/machine');
    const noise = page.getByTestId('noise-section');
    await expect(noise).toContainText('windows last 10 s');
    await noise.getByTestId('record-noise').focus();
    await page.keyboard.press('Enter');
    await expect(noise.getByTestId('noise-said')).toContainText('Windows of 6.5 s pay here');
    await noise.getByText('as a table').click();
    await expect(noise.getByRole('row', { name: /^20.s/ })).toContainText('2.7');
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 440, height: 600 });
    const main = page.locator('#main');
    expect(await main.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(1);
  });
