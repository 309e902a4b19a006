// The report: looked at before it is written, without running anything of it.

import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { open } from './screens';

test('the report is shown as it would be written, in a frame that runs nothing', async ({
  page,
}) => {
  await open(page, '?scenario=ended#/');
  await page.getByTestId('tab-report').click();
  const frame = page.getByTestId('report-preview');
  await expect(frame).toHaveAttribute('sandbox', '');
  const inside = page.frameLocator('[data-testid=report-preview]');
  await expect(inside.getByRole('heading', { name: 'In plain words' })).toBeVisible();
  await expect(inside.getByText('~/.local/share')).toBeVisible();
  await page.getByTestId('report-paths').check();
  await expect(inside.getByText('/home/you/.local/share')).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('every format is saved from beside the report, charts as files of their own', async ({
  page,
}) => {
  await open(page, '?scenario=ended#/');
  await page.getByTestId('tab-report').click();
  for (const format of ['html', 'pdf', 'markdown', 'csv', 'json'])
    await expect(page.getByTestId(`report-${format}`)).toBeEnabled();
  await page.getByTestId('report-svg').click();
  await expect(page.getByTestId('toast').first()).toContainText('2 charts written');
});

test('the settings are reached from the report', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  await page.getByTestId('tab-report').click();
  await page.getByTestId('report-settings').click();
  await expect(page.getByTestId('price-per-kwh')).toBeVisible();
});

test('a session without a figure has a report that says so, and nothing to save', async ({
  page,
}) => {
  await open(page, '?scenario=empty#/');
  await page.getByTestId('tab-report').click();
  await expect(page.getByTestId('report-preview')).toBeVisible();
  await expect(page.getByTestId('report-html')).toBeDisabled();
});
