import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { sourceConditions } from '../conditions.ts';

/**
 * Bundles the service worker beside the app as `sw.js`: one classic script without imports, which every browser
 * accepts, and without a hash, because a worker's URL must not change.
 */
export function serviceWorker(): Plugin {
  let outDir = '';
  return {
    name: 'backchannel:service-worker',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir;
    },
    async closeBundle() {
      await build({
        configFile: false,
        logLevel: 'warn',
        resolve: { conditions: sourceConditions },
        build: {
          outDir,
          emptyOutDir: false,
          target: 'baseline-widely-available',
          modulePreload: false,
          rolldownOptions: {
            input: fileURLToPath(new URL('src/worker/sw.ts', import.meta.url)),
            output: { format: 'iife', entryFileNames: 'sw.js' },
          },
        },
      });
    },
  };
}
