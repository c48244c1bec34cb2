/**
 * The size gate of @backchannel/client, minified and gzipped, as a site that bundles it pays: the core (everything the main
 * entry exports), the client with every feature composed in, and what several tabs and a service worker add, each alone.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMITS_KB = { 'index.ts': 12, 'full.ts': 16, 'tabs/index.ts': 7.4, 'worker/index.ts': 2.5 };

/** What the recorder adds to a client that has it. */
const RECORDER_KB = 2;

const ALL = 'virtual:all';

/** Together. Not Vite's library mode, which leaves whitespace in: a site's own bundle does not. */
async function kilobytes(...entries) {
  const paths = entries.map((entry) => fileURLToPath(new URL(`../client/src/${entry}`, import.meta.url)));
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'all',
        resolveId: (id) => (id === ALL ? id : null),
        load: (id) => (id === ALL ? paths.map((path) => `export * from ${JSON.stringify(path)};`).join('\n') : null),
      },
    ],
    build: { write: false, rolldownOptions: { input: ALL, preserveEntrySignatures: 'strict' } },
  });
  return gzipSync(output.map((chunk) => chunk.code ?? '').join(''), { level: 9 }).length / 1000;
}

function report(name, kb, limit) {
  console.log(`${kb.toFixed(2).padStart(7)} kB  @backchannel/client ${name}, limit ${limit} kB`);
  if (kb > limit) process.exitCode = 1;
}

for (const [entry, limit] of Object.entries(LIMITS_KB)) report(entry, await kilobytes(entry), limit);
const added = (await kilobytes('full.ts', 'recorder/index.ts')) - (await kilobytes('full.ts'));
report('recorder/index.ts beside full.ts', added, RECORDER_KB);
