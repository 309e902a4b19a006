// The window over the app's own gateway: the core is played by a few answers.

import { expect, test } from '@playwright/test';

test('inside the app the window opens and asks the core', async ({ page }) => {
  await page.addInitScript(() => {
    const asked: string[] = [];
    const answer = (command: string): unknown => {
      asked.push(command);
      if (command === 'sessions') return [];
      if (command === 'follow' || command.startsWith('plugin:')) return null;
      throw { code: 'other', message: `No answer to ${command} here.` };
    };
    Object.assign(globalThis, {
      asked,
      __TAURI_INTERNALS__: {
        metadata: { currentWindow: { label: 'main' }, currentWebview: { label: 'main' } },
        invoke: async (command: string) => answer(command),
        transformCallback: () => 1,
        unregisterCallback: () => undefined,
      },
    });
  });
  await page.goto('/');
  await expect(page.getByTestId('first-start')).toBeVisible();
  await expect(page.getByTestId('form-trouble')).toHaveText(
    'No answer to new_session_options here.',
  );
  await expect(page.getByTestId('toast').first()).toContainText('No answer to machine here.');
  const asked = await page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
  expect(asked).toEqual(expect.arrayContaining(['follow', 'sessions', 'machine', 'first_look']));
});

test('the window opens on a machine set to the locale C', async ({ page }) => {
  await page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, 'language', { get: () => 'C', configurable: true }),
  );
  await page.goto('/?scenario=running');
  await expect(page.getByTestId('trial').last()).toHaveAttribute('data-state', 'running');
  await expect(page.locator('.power canvas')).toBeVisible();
});
