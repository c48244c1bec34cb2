import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { sourceConditions } from '../conditions.ts';

/** Runs in a real browser: the tests cover scrolling, focus and popovers, which simulated DOMs do not implement. */
export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { conditions: sourceConditions },
  // All that lazily loaded files import: what Vite finds in the middle of a run makes it reload the tests.
  optimizeDeps: {
    include: [
      'react',
      'react/jsx-dev-runtime',
      'react-dom',
      'react-dom/client',
      'vitest-browser-react',
      'lucide-react',
      'virtua',
      'marked',
      'thumbhash',
      'wouter',
      'wouter/memory-location',
      'wouter/use-browser-location',
      'highlight.js/lib/core',
      ...['bash', 'css', 'diff', 'go', 'javascript', 'json', 'python', 'rust', 'sql', 'typescript', 'xml', 'yaml'].map(
        (language) => `highlight.js/lib/languages/${language}`,
      ),
    ],
  },
  test: {
    name: '@backchannel/web',
    include: ['tests/**/*.test.{ts,tsx}'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      viewport: { width: 1100, height: 700 },
      provider: playwright({
        launchOptions: {
          executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
          args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
