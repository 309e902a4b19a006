// What the window shows first and how it is looked through: the new session, the answer, the trials, the
// charts, the report's file.

import { expect, test, type Page } from '@playwright/test';
import { violations } from './axe';
import { open, step } from './screens';

test('a new session is begun by Enter three times', async ({ page }) => {
  await open(page, '#/new');
  await expect(page.getByTestId('model-SmolLM2-135M-Instruct')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('workload-chat')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('workload-batch')).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('threshold')).toBeFocused();
  await expect(page.getByTestId('likely-cost')).toContainText(/min and .*Wh/);
  await page.keyboard.press('Enter');
  await step(page, 'measure-default');
});

test('what is shown as work is what is run, quick or not', async ({ page }) => {
  await open(page, '#/new');
  await expect(page.getByTestId('new-session-form')).toContainText('8 at once · 64 tokens out');
  await page.getByTestId('all-choices').click();
  await page.getByTestId('quick').check();
  await expect(page.getByTestId('new-session-form')).toContainText('8 at once · 16 tokens out');
});

test('a model file that is dropped on the window is the model', async ({ page }) => {
  await open(page, '#/new');
  await expect(page.getByTestId('start-session')).toBeEnabled();
  await page.evaluate(() =>
    dispatchEvent(
      new CustomEvent('wattsmith-drop', { detail: ['/tmp/notes.txt', '/models/mine.gguf'] }),
    ),
  );
  await expect(page.getByTestId('model-path')).toHaveValue('/models/mine.gguf');
});

test('a model is downloaded when somebody says so, cancelled, taken up again and chosen', async ({
  page,
}) => {
  await open(page, '?pace=1#/new');
  await page.getByTestId('download-model').locator('summary').click();
  await expect(page.getByTestId('download-model')).toContainText('does not fit into memory now');
  await expect(page.getByTestId('downloading')).toHaveCount(0);
  await page.getByTestId('fetch-Pretend-3B').click();
  await expect(page.getByTestId('downloading')).toContainText('MB/s, about');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('cancel-download').click();
  await expect(page.getByTestId('downloading')).toHaveCount(0);
  await expect(page.getByTestId('model-SmolLM2-135M-Instruct')).toBeChecked();
  await page.getByRole('button', { name: 'Go on: Pretend-3B' }).click();
  await expect(page.getByTestId('download-said')).toContainText('checked by its SHA-256', {
    timeout: 30_000,
  });
  await expect(page.getByTestId('model-Pretend-3B-Instruct')).toBeChecked();
});

test('another server brings its own models, work and settings', async ({ page }) => {
  await open(page, '#/new');
  await page.getByTestId('other-engine').click();
  await expect(page.getByTestId('engine-llama-server')).toBeChecked();
  await expect(page.getByTestId('missing-engines')).toContainText('WATTSMITH_SD_SERVER');
  await page.getByTestId('goal-20').click();
  await page.getByTestId('engine-diffusers').check();
  const form = page.getByTestId('new-session-form');
  await expect(form).toContainText('Run by diffusers.');
  await expect(page.getByTestId('model-tiny: random weights, made at every start')).toBeChecked();
  await expect(form).toContainText('16 images');
  await expect(page.getByTestId('download-model')).toHaveCount(0);
  await expect(page.getByTestId('workload-own-file')).toHaveCount(0);
  await expect(page.getByTestId('threshold')).toHaveValue('20');
  await expect(page.getByTestId('threshold-unit')).toContainText('joules per image');
  await page.getByTestId('all-choices').click();
  await expect(form).toContainText('batch-size');
  await expect(form).toContainText('At least, images per second');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('start-session').click();
  await step(page, 'measure-default');
});

test('work of one’s own is looked at before it is measured', async ({ page }) => {
  await open(page, '#/new');
  await page.getByTestId('workload-own-file').check();
  await page.getByTestId('start-session').click();
  await expect(page.getByTestId('new-session-form')).toContainText('Name a JSONL or CSV file');
  await expect(page.getByTestId('work-file')).toBeFocused();
  await page.getByTestId('work-file').fill('/home/you/broken.csv');
  await expect(page.getByTestId('work-faults')).toContainText('line 2: There is no prompt');
  await page.getByTestId('work-file').fill('/home/you/gone.csv');
  await expect(page.getByTestId('work-trouble')).toContainText('cannot be read');
  await page.evaluate(() =>
    dispatchEvent(new CustomEvent('wattsmith-drop', { detail: ['/home/you/chats.jsonl'] })),
  );
  await expect(page.getByTestId('work-file')).toHaveValue('/home/you/chats.jsonl');
  await expect(page.getByTestId('work-summary')).toContainText('6 requests, 2 of them chats');
  await page.getByTestId('arrivals').selectOption('poisson');
  await page.getByTestId('arrival-rate').fill('0,5');
  await page.getByTestId('start-session').click();
  await step(page, 'measure-default');
});

test('after a crossing there are four ways on', async ({ page }) => {
  await open(page, '?scenario=crossed&pace=0.06#/');
  await step(page, 'confirm');
  await expect(page.getByTestId('answer-next')).toContainText(/confirm trial \d+, .*min/);
  for (const id of ['confirm', 'numeric-proposal', 'by-hand', 'end-here'])
    await expect(page.getByTestId(id)).toBeVisible();
  await page.getByTestId('numeric-proposal').click();
  await page.getByTestId('run-beside').click();
  await step(page, 'busy');
  await step(page, 'confirm');
});

test('the answer stands first, with what it is held against', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  await expect(page.getByTestId('answer-headline')).toHaveText(/^−\d+\.\d\s% energy per token/);
  await expect(page.getByTestId('answer-sure')).toContainText('certain');
  await expect(page.getByTestId('answer')).toContainText('goal');
  await expect(page.getByTestId('answer-speed')).toContainText('tokens/s');
  await expect(page.getByTestId('answer')).toBeInViewport({ ratio: 1 });
});

test('finished trials fold to a row each and unfold by keyboard', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  const first = page.getByTestId('trial').first();
  await expect(first.getByTestId('joules-per-token')).toHaveCount(0);
  await first.getByTestId('fold-trial').focus();
  await page.keyboard.press('Enter');
  await expect(first.getByTestId('joules-per-token')).toHaveText(/^0\.\d{3}$/);
  await page.keyboard.press('Enter');
  await expect(first.getByTestId('joules-per-token')).toHaveCount(0);
});

test('all trials are a table to sort, hide, pin and compare', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  await page.getByTestId('tab-trials').click();
  const rows = page.getByTestId('trial-row');
  await expect(rows).toHaveCount(5);
  await page.getByRole('button', { name: /^J\/token/ }).click();
  await expect(rows.first().getByRole('rowheader')).toHaveText('5');
  await page.getByRole('button', { name: 'Pin trial 2 to the top' }).click();
  await expect(rows.first().getByRole('rowheader')).toHaveText('2');
  await page.getByRole('button', { name: 'Hide trial 4' }).click();
  await expect(rows).toHaveCount(4);
  await page.getByLabel('Compare trial 1').check();
  await page.getByLabel('Compare trial 5').check();
  await expect(page.getByTestId('side-by-side')).toContainText('Trial 1 beside trial 5');
  await expect(page.getByTestId('side-by-side')).toContainText('parallel');
  await page.reload();
  await page.getByTestId('tab-trials').click();
  await expect(rows).toHaveCount(4);
  await page.getByTestId('show-hidden').click();
  await expect(rows).toHaveCount(5);
  await page.getByTestId('branch-5').click();
  await expect(page.getByTestId('branched')).toContainText('trial 5 of SmolLM2 · chat');
  await page.getByTestId('start-session').click();
  await expect(page.getByTestId('session-name')).toHaveText('SmolLM2 · chat, from trial 5');
});

test('charts are read by keyboard, linked with the story, and kept as files', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  const plot = page.locator('aside').getByRole('slider', { name: /Trials/ });
  await plot.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect(plot).toHaveAttribute('aria-valuetext', /Trial 4: −.*J\/token/);
  await expect(page.getByTestId('trial').nth(3)).toHaveClass(/pointed/);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('trial').nth(3).getByTestId('joules-per-token')).toBeVisible();
  for (const kind of ['SVG', 'PNG', 'CSV']) {
    await page.locator('aside').getByRole('button', { name: 'Keep this chart' }).first().click();
    await page.getByRole('menuitem', { name: kind }).click();
    await expect(page.getByTestId('toast').last()).toContainText(
      `energy-by-trial.${kind.toLowerCase()}`,
    );
  }
});

test('sessions that may be compared share a chart of best so far', async ({ page }) => {
  await open(page, '?scenario=measured-gpu#/overview');
  await expect(page.getByTestId('tracks').first()).toContainText('by guided');
  await page.getByTestId('tracks').first().getByText('as a table').click();
  await expect(page.getByTestId('tracks').first().locator('tbody tr').first()).toContainText('%');
});

test('any sessions stand side by side against one that is chosen', async ({ page }) => {
  await open(page, '?scenario=measured-gpu#/overview');
  const table = page.getByTestId('compare');
  await expect(table.getByText('baseline', { exact: true })).toHaveCount(1);
  await expect(table).toContainText('not compared');
  const second = table.getByRole('radio').nth(1);
  await second.focus();
  await page.keyboard.press('Space');
  await expect(second).toBeChecked();
  await expect(page.getByTestId('compared-tracks')).toContainText('in per cent of the default of');
});

test('the split between story and charts moves by keyboard and is kept', async ({ page }) => {
  await open(page, '#/');
  const width = () => page.locator('aside').evaluate((one) => one.clientWidth);
  const before = await width();
  await page.getByTestId('split').focus();
  for (let n = 0; n < 4; n++) await page.keyboard.press('ArrowLeft');
  await expect.poll(width).toBeGreaterThan(before + 60);
  const wide = await width();
  await page.reload();
  await expect.poll(width).toBe(wide);
});

test('a report is saved where the person says, and its folder is shown', async ({ page }) => {
  await open(page, '?scenario=ended#/');
  await page.getByTestId('export-report').click();
  await page.getByTestId('save-as').click();
  await page.getByTestId('save-path').fill('~/notes.pages');
  await page.getByTestId('save-now').click();
  await expect(page.locator('#save-path-more')).toContainText('.html');
  await page.getByTestId('save-path').fill('~/notes.md');
  await page.getByTestId('save-now').click();
  await expect(page.getByTestId('toast')).toContainText('/home/you/notes.md');
  await expect(page.getByTestId('toast')).toContainText('Show in folder');
});

/** Presses Tab until a control has the focus; gives how often. */
async function stopsTo(page: Page, testid: string): Promise<number> {
  for (let n = 1; n <= 10; n++) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
    if (here === testid) return n;
  }
  return 99;
}

test('the first session is begun after two Tab stops at most, or by a shortcut', async ({
  page,
}) => {
  await open(page, '?scenario=first-run&pace=0.5#/');
  expect(await stopsTo(page, 'skip-to-start')).toBeLessThanOrEqual(2);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('first-measure')).toBeFocused();
  await page.keyboard.press('Enter');
  await step(page, 'busy');
  await page.goto('about:blank');
  await open(page, '?scenario=first-run&pace=0.5#/');
  await expect(page.getByTestId('first-measure')).toBeEnabled();
  await page.keyboard.press('Control+Enter');
  await step(page, 'busy');
});

test('the next proposal is asked for after three Tab stops at most, or by a shortcut', async ({
  page,
}) => {
  await open(page, '?pace=0.06#/');
  expect(await stopsTo(page, 'skip-to-step')).toBeLessThanOrEqual(3);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('ask')).toBeFocused();
  await page.keyboard.press('Enter');
  await step(page, 'decide');
  await page.goto('about:blank');
  await open(page, '?pace=0.06#/');
  await page.keyboard.press('Control+Enter');
  await step(page, 'decide');
});

test('an example is looked at before anything is measured, stays apart, and goes again', async ({
  page,
}) => {
  await open(page, '?scenario=first-run&pace=0.06#/');
  await page.getByTestId('look-at-example').click();
  await expect(page.getByTestId('example')).toContainText('measured on another machine');
  await expect(page.getByTestId('session-item')).toContainText('an example, measured elsewhere');
  await expect(page.getByTestId('begin-own')).toBeVisible();
  await expect(page.getByTestId('resume')).toHaveCount(0);
  await expect(page.getByTestId('autopilot')).toHaveCount(0);
  expect(await violations(page)).toEqual([]);
  // It is no session of one's own: the start is still the first start, and nothing is compared with it.
  await page.getByRole('link', { name: 'Wattsmith, start' }).click();
  await expect(page.getByTestId('first-start')).toBeVisible();
  await page.getByTestId('nav-overview').click();
  await expect(page.getByTestId('overview')).toContainText('Nothing is measured yet');
  await page.getByTestId('session-item').click();
  await page.getByTestId('more').click();
  await page.getByTestId('delete-session').click();
  await expect(page.getByTestId('session-item')).toHaveCount(0);
});
