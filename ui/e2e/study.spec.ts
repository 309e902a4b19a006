// Advisors: chosen for a session, remembered, compared in a study.

import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { open } from './screens';

test('advisors are named by what they do, and memory belongs to those that use it', async ({
  page,
}) => {
  await open(page, '#/new');
  await page.getByTestId('all-choices').click();
  await expect(page.getByTestId('advisor')).toHaveValue('guided');
  await expect(page.locator('#advisor-more')).toContainText('gives a short list');
  await expect(page.getByTestId('memory')).toBeChecked();
  await page.getByTestId('advisor').selectOption('baseline');
  await expect(page.getByTestId('memory')).toHaveCount(0);

  await page.getByTestId('connection-none').check();
  await expect(page.getByTestId('advisor')).toHaveValue('surrogate');
  await expect(page.getByTestId('advisor').locator('option')).toHaveCount(6);
  await page.getByTestId('memory').uncheck();
  await page.getByTestId('advisor').selectOption('tpe');
  await page.getByTestId('start-session').click();
  await expect(page.getByTestId('session-name')).toBeVisible();
  // Folded away with the other facts of the session.
  await expect(page.locator('.chip', { hasText: 'advisor: tpe' })).toHaveCount(1);
});

test('a session says which earlier ones it draws on, and forgets them', async ({ page }) => {
  await open(page, '?scenario=taught#/');
  const memory = page.locator('aside').getByTestId('session-memory');
  await expect(memory).toContainText('8 configurations, same machine, model and workload');
  await expect(memory).toContainText('counts 13 %: 9 of 15 windows were disturbed');
  await expect(memory.getByRole('link', { name: 'Qwen 1.5B · batch' })).toBeVisible();
  await memory.getByTestId('forget-memory').click();
  await expect(memory).toHaveCount(0);
  await expect(page.getByTestId('toast')).toContainText('Forgotten here');
});

test('the memory is cleared after a question', async ({ page }) => {
  await open(page, '?pace=0.1#/machine');
  await page.getByTestId('clear-memory').click();
  await expect(page.getByRole('dialog')).toContainText('The sessions themselves stay');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('clear-memory-for-good').click();
  await expect(page.getByTestId('toast')).toContainText('The memory is clear');
});

test('a study runs with name and clock, and its result can be opened', async ({ page }) => {
  await open(page, '?pace=1#/');
  await page.getByTestId('nav-studies').click();
  await expect(page.getByTestId('caution')).toContainText('not how much energy is saved');
  await expect(page.getByTestId('broken-landscapes')).toContainText('is no landscape');
  await page.getByTestId('study-first').selectOption('gp');
  await page.getByTestId('start-study').click();
  await expect(page.getByTestId('study-running')).toContainText(
    /Comparing advisors.*of 14.?000 trials/s,
  );
  await page.getByTestId('nav-overview').click();
  await page.getByTestId('nav-studies').click();
  await expect(page.getByTestId('study-running')).toBeVisible();
  await expect(page.getByTestId('study-result')).toContainText('gp against the others');
  await expect(page.getByTestId('random-check')).toContainText('They agree');
  await expect(page.getByTestId('earlier-study')).toHaveCount(2);
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('open-study').click();
  await expect(page.getByTestId('toast')).toHaveCount(0);
});

test('a study on the engine itself says what it takes', async ({ page }) => {
  await open(page, '?pace=0.1#/studies');
  await page.getByTestId('landscape').selectOption('live');
  await expect(page.getByTestId('caution')).toContainText('takes hours');
  await expect(page.getByTestId('study-seeds')).toHaveValue('3');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('start-study').click();
  await expect(page.getByTestId('study-result')).toContainText('best that any method');
});

test('a study is cancelled', async ({ page }) => {
  await open(page, '?pace=2#/studies');
  await page.getByTestId('start-study').click();
  await page.getByTestId('cancel').click();
  await expect(page.getByTestId('study-running')).toHaveCount(0);
  await expect(page.getByTestId('study-result')).toHaveCount(0);
});

test('methods that ask need a chat model, and agreement where it is elsewhere', async ({
  page,
}) => {
  await open(page, '?pace=0.1#/studies');
  await page.getByTestId('arm-guided').focus();
  await page.keyboard.press('Space');
  await expect(page.getByTestId('study-model')).toBeVisible();
  await page.getByTestId('study-way').selectOption('server');
  await page.getByTestId('start-study').click();
  await expect(page.getByTestId('remote-model')).toBeFocused();
  await page.getByTestId('remote-model').fill('large-1');
  await page.getByTestId('start-study').click();
  await expect(page.getByTestId('study-asked')).toContainText('Agree, or leave out');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('study-agree').check();
  await page.getByTestId('start-study').click();
  await expect(page.getByTestId('study-result')).toContainText('guided');
});
