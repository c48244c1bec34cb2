import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { sourceConditions } from '../conditions.ts';

/** In a real browser: the client's own transports run there too, so an unbound `fetch` or timer is caught. */
export default defineConfig({
  resolve: { conditions: sourceConditions },
  test: {
    name: '@backchannel/react',
    include: ['test/**/*.test.tsx'],
    // Waiting is for a state, never for a time: on a busy machine it may come late.
    testTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
          args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
