import { expect, test } from '@playwright/test';
import { violations } from './axe';

test('a question is asked at the end of the story, and its answer stays there', async ({
  page,
}) => {
  await page.goto('/?scenario=lively&pace=0.02#/session/s-chat');
  await page.getByTestId('talk-text').fill('Why is it slower?');
  await page.getByTestId('talk-text').press('Enter');
  await expect(page.getByTestId('question')).toHaveText('Why is it slower?');
  await expect(page.getByTestId('session-body').getByTestId('answer')).toContainText('More slots');
  await expect(page.getByTestId('talk-text')).toHaveValue('');
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
