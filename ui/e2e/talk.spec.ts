import { expect, test } from '@playwright/test';
import { violations } from './axe';

test('a question is asked below the story, and its answer stays in it', async ({ page }) => {
  await page.goto('/?scenario=lively&pace=0.02#/session/s-chat');
  await page.getByTestId('talk-text').fill('Why is it slower?');
  await page.getByTestId('talk-text').press('Enter');
  await expect(page.getByTestId('question')).toHaveText('Why is it slower?');
  await expect(page.getByTestId('session-body').getByTestId('answer')).toContainText('More slots');
  await expect(page.getByTestId('talk-text')).toHaveValue('');
  expect(await violations(page)).toEqual([]);
});

test('while a trial is measured a model elsewhere is asked beside it', async ({ page }) => {
  await page.goto('/?scenario=beside&pace=0.05#/session/s-chat');
  await expect(page.getByTestId('trial').last()).toHaveAttribute('data-state', 'running');
  await page.getByTestId('talk-text').fill('What would you try?');
  await page.getByTestId('talk-text').press('Enter');
  await expect(page.getByTestId('question')).toHaveText('What would you try?');
  await expect(page.getByTestId('proposal')).toBeVisible();
  await expect(page.getByTestId('action-bar')).toHaveAttribute('data-step', 'busy');
  // The proposal waits for its turn, also behind a confirmation.
  await expect(page.getByTestId('run-beside')).toBeVisible({ timeout: 40_000 });
});

test('a model on this machine is asked after the trial, and says why', async ({ page }) => {
  await page.goto('/?scenario=running&pace=0.05#/session/s-chat');
  await expect(page.getByTestId('trial').last()).toHaveAttribute('data-state', 'running');
  for (const text of ['Is the default the best?', 'And this?']) {
    await page.getByTestId('talk-text').fill(text);
    await page.getByTestId('talk-text').press('Enter');
    await expect(page.getByTestId('question').last()).toHaveText(text);
  }
  await expect(page.getByTestId('reading').first()).toContainText('part of what is measured');
  await page.getByTestId('take-back').last().click();
  await expect(page.getByTestId('question')).toHaveCount(1);
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('cancel').click();
  const answer = page.getByTestId('session-body').getByTestId('answer');
  await expect(answer).toContainText('More slots');
  await expect(answer).toContainText('[not so: the best so far is trial');
});

test('how good predictions were stands where the next one is decided', async ({ page }) => {
  await page.goto('/?pace=0.02#/session/s-chat');
  await expect(page.getByTestId('foretold-text').first()).toContainText('predictions, typically');
  await page.getByTestId('foretold').getByText('one by one').first().click();
  await expect(page.getByTestId('foretold').locator('tbody tr').first()).toContainText(
    'than predicted',
  );
  await page.getByTestId('ask').click();
  await expect(page.getByTestId('track')).toContainText('So far: 2 predictions');
  expect(await violations(page)).toEqual([]);
});

test('a stuck session goes on by another provider', async ({ page }) => {
  await page.goto('/?scenario=stuck&pace=0.02#/session/s-chat');
  await page.getByTestId('change-connection').click();
  await page.getByTestId('change-kind').selectOption('server');
  await page.getByTestId('provider').selectOption('gemini');
  await expect(page.getByText('generativelanguage.googleapis.com')).toBeVisible();
  await page.getByTestId('list-models').click();
  await expect(page.getByText('2 models')).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('remote-model').fill('large-1');
  await page.getByTestId('spending-cap').fill('1');
  await page.getByTestId('change-connection-done').click();
  await expect(page.getByText('A cap needs the prices of the model.')).toBeVisible();
  await page.getByTestId('price-in').fill('1,25');
  await page.getByTestId('price-out').fill('10');
  await page.getByTestId('change-connection-done').click();
  await expect(page.getByTestId('change-connection-done')).toBeHidden();
  await expect(page.getByTestId('consent')).toBeVisible();
});
