/**
 * The size gate of @backchannel/client, minified and gzipped, as a site that bundles it pays: the core (everything the main
 * entry exports), the client with every feature composed in, and what several tabs and a service worker add, each alone.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMITS_KB = { 'index.ts': 12, 'full.ts': 16, 'tabs/index.ts': 7.4, 'worker/index.ts': 2.5 };

/** Not Vite's library mode, which leaves whitespace in: a site's own bundle does not. */
async function kilobytes(entry) {
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      rolldownOptions: {
        input: fileURLToPath(new URL(`../client/src/${entry}`, import.meta.url)),
        preserveEntrySignatures: 'strict',
      },
    },
  });
  return gzipSync(output.map((chunk) => chunk.code ?? '').join(''), { level: 9 }).length / 1000;
}

for (const [entry, limit] of Object.entries(LIMITS_KB)) {
  const kb = await kilobytes(entry);
  console.log(`${kb.toFixed(2).padStart(7)} kB  @backchannel/client ${entry}, limit ${limit} kB`);
  if (kb > limit) process.exitCode = 1;
}
