import { defineConfig } from '@playwright/test';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The built interface over the simulated core, in the system's own Chromium. */
export default defineConfig({
  testDir: 'e2e',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  // Where machines are shared, one stall is no fault; it is told as flaky, and twice is a failure.
  retries: process.env.CI ? 1 : 0,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    baseURL: 'http://127.0.0.1:4173',
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: quiet },
    permissions: ['clipboard-read', 'clipboard-write'],
  },
  webServer: {
    // A build of its own, so that nobody else's build is pulled away under the tests.
    command:
      'npx vite build --outDir node_modules/.e2e --emptyOutDir --logLevel warn && npx vite preview --outDir node_modules/.e2e',
    url: 'http://127.0.0.1:4173',
    reuseExistingServer: false,
    timeout: 240_000,
  },
});
