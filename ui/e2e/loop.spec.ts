// One whole effort: from the first start to the report, by mouse, by keyboard, by paste.

import { expect, test, type Page } from '@playwright/test';
import { open, step } from './screens';

test('the whole loop by mouse', async ({ page }) => {
  await open(page, '?scenario=first-run&pace=0.06#/');
  await page.getByTestId('first-measure').click();
  await step(page, 'busy');
  await expect(page.getByTestId('cancel')).toBeVisible();
  await step(page, 'ask');
  await expect(page.getByTestId('joules-per-token')).toHaveText(/^0\.\d{3}$/);
  await expect(page.getByTestId('session-item')).toHaveCount(1);

  await page.getByTestId('feedback-text').fill('Please keep the first token fast.');
  await expect(page.getByTestId('feedback-edited')).toBeVisible();
  await page.getByTestId('ask').click();
  await step(page, 'decide');
  await expect(page.getByTestId('feedback-sent').last()).toContainText(
    'Please keep the first token fast.',
  );
  await page.getByTestId('exchange').last().locator('summary').click();
  await expect(page.getByTestId('exchange').last()).toContainText(
    'Please keep the first token fast.',
  );

  await page.getByTestId('edit-proposal').click();
  await page.getByTestId('knob-parallel').selectOption('8');
  await page.getByTestId('knob-threads').selectOption('2');
  await page.getByTestId('save-knobs').click();
  await expect(page.getByTestId('proposal')).toContainText('edited by you');
  await page.getByTestId('run-proposal').click();
  await step(page, 'confirm');
  await expect(page.getByTestId('verdict').last()).toContainText(
    /estimated: better: .* less than the default, outside the noise/,
  );

  await page.getByTestId('confirm').click();
  await step(page, 'ended');
  await expect(page.getByTestId('confirmation-verdict')).toContainText('confirmed');
  await expect(page.getByTestId('ended')).toContainText('llama-server');

  await page.getByTestId('export-report').click();
  await page.getByTestId('export-html').click();
  await expect(page.getByTestId('toast')).toContainText('.html');
  await page.getByTestId('resume').click();
  await step(page, 'ask');
});

/** Presses Tab until the control has the focus, as a person without a mouse would. */
async function tabTo(page: Page, testid: string): Promise<void> {
  for (let n = 0; n < 120; n++) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
    if (here === testid) {
      const outline = await page.evaluate(
        () => getComputedStyle(document.activeElement ?? document.body).outlineStyle,
      );
      expect(outline, `${testid} shows its focus`).not.toBe('none');
      return;
    }
  }
  throw new Error(`${testid} cannot be reached with the Tab key`);
}

test('the whole loop by keyboard alone', async ({ page }) => {
  const press = async (testid: string) => {
    await tabTo(page, testid);
    await page.keyboard.press('Enter');
  };
  await open(page, '?scenario=empty&pace=0.06#/');
  await press('new-session');
  await expect(page.getByTestId('new-session-form')).toBeVisible();
  await tabTo(page, 'threshold');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('12');
  await press('start-session');
  await step(page, 'measure-default');
  await press('measure-default');
  await step(page, 'ask');
  await tabTo(page, 'feedback-text');
  await page.keyboard.type('Fast, please. ');
  await press('ask');
  await step(page, 'decide');
  await press('edit-proposal');
  await tabTo(page, 'knob-parallel');
  await page.keyboard.type('8');
  await press('save-knobs');
  await press('dismiss-proposal');
  await step(page, 'ask');
  await press('by-hand');
  await tabTo(page, 'knob-parallel');
  await page.keyboard.type('8');
  await press('save-knobs');
  await step(page, 'decide');
  await press('run-proposal');
  await step(page, 'confirm');
  await press('confirm');
  await step(page, 'ended');
  await press('export-report');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('toast')).toContainText('Report written');
});

test('a session by copy and paste', async ({ page }) => {
  await open(page, '?scenario=paste&pace=0.06#/');
  await page.getByTestId('ask').click();
  await step(page, 'paste');
  await page.getByTestId('copy-prompt').click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(
    'You tune an inference server',
  );

  await page.getByTestId('give-reply').click();
  await expect(page.getByRole('alert').filter({ hasText: 'Paste the reply first' })).toBeVisible();
  // A reply that cannot be used is not lost: it stands there again, to be mended.
  await page.getByTestId('paste-reply').fill('I would rather not say.');
  await page.getByTestId('give-reply').click();
  await step(page, 'stuck');
  await expect(page.getByTestId('stuck')).toContainText('no JSON');
  await expect(page.getByTestId('refused-reply')).toContainText('I would rather not say.');
  await page.getByTestId('ask').click();
  await step(page, 'paste');
  await expect(page.getByTestId('paste-reply')).toHaveValue('I would rather not say.');
  await page
    .getByTestId('paste-reply')
    .fill('Sure: <img src=x onerror=alert(1)> {"parallel": "8", "threads": 2}');
  await page.getByTestId('give-reply').click();
  await step(page, 'decide');
  await expect(page.getByTestId('proposal').locator('img')).toHaveCount(0);
  await page.getByTestId('run-proposal').click();
  await expect(page.getByTestId('joules-per-token').last()).toHaveText(/^0\.2\d{2}$/);
});

test('the reply streams, then becomes a proposal', async ({ page }) => {
  await open(page, '?pace=0.5#/');
  await page.getByTestId('ask').click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'asking');
  await expect(page.getByTestId('live-reply')).toContainText('The gain');
  await step(page, 'decide');
  await expect(page.getByTestId('live-reply')).toHaveCount(0);
});

test('nothing is sent to a server before the person agrees', async ({ page }) => {
  await open(page, '?scenario=consent&pace=0.06#/');
  const before = await page.getByTestId('exchange').count();
  await page.getByTestId('consent').click();
  await expect(page.getByRole('dialog')).toContainText('api.example.com');
  await page.keyboard.press('Escape');
  await step(page, 'consent');
  expect(await page.getByTestId('exchange').count()).toBe(before);
  await page.getByTestId('consent').click();
  await page.getByTestId('agree').click();
  await step(page, 'decide');
});

test('a stuck advisor leaves three ways on', async ({ page }) => {
  await open(page, '?scenario=stuck&pace=0.06#/');
  await expect(page.getByTestId('stuck')).toContainText('already measured');
  await expect(page.getByTestId('ask')).toHaveText('Ask again');
  await expect(page.getByTestId('by-hand')).toBeVisible();
  await page.getByTestId('numeric-proposal').click();
  await step(page, 'decide');
  await expect(page.getByTestId('proposal')).toContainText('Sobol');
});

test('a value that the engine would refuse is refused with its range', async ({ page }) => {
  await open(page, '#/');
  await page.getByTestId('by-hand').click();
  await page.getByTestId('knob-parallel').selectOption({ label: 'another value…' });
  await page.getByTestId('knob-parallel-value').fill('99');
  await page.getByTestId('save-knobs').click();
  await expect(page.getByTestId('toast')).toContainText('whole number, 1 to 16');
  await expect(page.getByTestId('by-hand-form')).toBeVisible();
});

test('cancelling takes the trial back', async ({ page }) => {
  await open(page, '?scenario=running&pace=0.1#/');
  await page.getByTestId('cancel').click();
  await step(page, 'ask');
  await expect(page.getByTestId('trial').last()).toHaveAttribute('data-state', 'discarded');
});

test('autopilot goes on by itself and pauses after the step', async ({ page }) => {
  await open(page, '?pace=0.15#/');
  await page.getByTestId('autopilot').click();
  await step(page, 'busy');
  await page.getByTestId('pause').click();
  await expect(page.getByTestId('keep-going')).toBeVisible();
  await step(page, 'decide');
  await expect(page.getByTestId('autopilot')).toBeVisible();
});

test('a form says what is wrong where it is wrong', async ({ page }) => {
  await open(page, '#/new');
  await page.getByTestId('threshold').fill('ten');
  await page.getByTestId('all-choices').click();
  await page.getByTestId('budget').fill('0');
  await page.getByTestId('all-choices').click();
  await page.getByTestId('start-session').click();
  await expect(page.getByTestId('threshold')).toBeFocused();
  await expect(page.locator('#threshold-more')).toContainText('per cent below the default');
  await expect(page.locator('#budget-more')).toContainText('1 to 500');
});

test('without a local advisor model the form says so and searches by numbers', async ({ page }) => {
  await open(page, '?scenario=no-advisor#/new');
  await page.getByTestId('all-choices').click();
  await expect(page.getByTestId('connection-local')).toBeDisabled();
  await expect(page.getByTestId('connection-none')).toBeChecked();
  await expect(page.getByTestId('new-session-form')).toContainText('No advisor model is here yet');
});

test('the GPU’s own settings are offered where it can be set, and never by default', async ({
  page,
}) => {
  await open(page, '?scenario=measured-gpu#/new');
  await page.getByTestId('all-choices').click();
  await expect(page.getByTestId('tune-gpu')).not.toBeChecked();
  await expect(page.getByTestId('new-session-form')).toContainText('administrator’s password');
  await expect(page.getByTestId('new-session-form')).not.toContainText('gpu-power-limit');
  await page.getByTestId('tune-gpu').check();
  await expect(page.getByTestId('new-session-form')).toContainText('gpu-power-limit');
  await open(page, '?scenario=empty#/new');
  await expect(page.getByTestId('start-session')).toBeEnabled();
  await expect(page.getByTestId('tune-gpu')).toHaveCount(0);
});

test('a template with an unknown placeholder is not saved', async ({ page }) => {
  await open(page, '#/templates');
  await expect(page.getByTestId('template-preview')).toContainText('Sapphire Rapids');
  await page.getByTestId('template-text').fill('Goal: {{ gaol }}');
  await expect(page.getByTestId('template-wrong')).toContainText('nothing called “gaol”');
  await page.getByTestId('save-template').click();
  await expect(page.getByTestId('template-wrong')).toContainText('Line 1');
  await page.getByTestId('template-text').fill('Goal: {{ goal }}');
  await expect(page.getByTestId('template-preview')).toHaveText('Goal: 20 % below default');
  await page.getByTestId('save-template').click();
  await expect(page.getByTestId('template-enhanced')).toContainText('edited');
  await page.getByTestId('restore-template').click();
  await expect(page.getByTestId('template-text')).toHaveValue(/You tune an inference server/);
});

test('sessions are renamed and deleted', async ({ page }) => {
  await open(page, '#/');
  await page.getByTestId('rename').click();
  await page.getByTestId('session-name-field').fill('Evening run');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('session-name')).toHaveText('Evening run');
  await expect(page.getByTestId('session-item').first()).toContainText('Evening run');
  await page.getByTestId('more').click();
  await page.getByTestId('delete-session').click();
  await expect(page.getByTestId('session-item')).toHaveCount(2);
});
