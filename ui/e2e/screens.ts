// Every screen by its address, and how to open one.

import { expect, type Page } from '@playwright/test';

export const SCREENS: Record<string, string> = {
  'first start': '?scenario=first-run#/',
  'first start without an advisor': '?scenario=no-advisor#/',
  'new session': '#/new',
  'empty session': '?scenario=empty#/',
  'session that runs, its model elsewhere': '?scenario=beside#/',
  'session with feedback': '#/',
  'session that runs': '?scenario=running#/',
  'session whose window is measured again': '?scenario=again#/',
  'session that crossed its goal': '?scenario=crossed#/',
  'session of 500 trials': '?scenario=many#/',
  'session that is stuck': '?scenario=stuck#/',
  'session with a failed trial': '?scenario=failed#/',
  'session that has ended': '?scenario=ended#/',
  'session whose changes were undone': '?scenario=undone#/',
  'session that was imported': '?scenario=imported#/session/s-brought',
  'session that needs consent': '?scenario=consent#/',
  'session on a GPU': '?scenario=measured-gpu#/',
  'all sessions': '?scenario=measured-gpu#/overview',
  'all sessions, none yet': '?scenario=first-run#/overview',
  templates: '#/templates',
  'session that was taught': '?scenario=taught#/',
  studies: '#/studies',
  'studies without a landscape': '?scenario=no-landscape#/studies',
  settings: '#/settings',
  'settings that cannot be read': '?scenario=bad-settings#/settings',
  machine: '?pace=0.1#/machine',
  'machine with a GPU': '?scenario=measured-gpu&pace=0.1#/machine',
  'machine whose counters are closed': '?scenario=rapl-denied&pace=0.1#/machine',
  'machine behind a plug': '?scenario=plug&pace=0.1#/machine',
};

/** Opens an address and waits until the window has something to say. */
export async function open(page: Page, address: string): Promise<void> {
  const broken: string[] = [];
  page.on('pageerror', (error) => broken.push(error.message));
  await page.goto(`/${address}`);
  await expect(page.locator('#main h1').first()).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
  expect(broken).toEqual([]);
}

export const step = (page: Page, name: string) =>
  expect(page.getByTestId('action-bar')).toHaveAttribute('data-step', name);
