/**
 * The size gate: the gzipped size of what the first visit loads (every entry with its static imports, JS and CSS).
 * Lazy chunks are listed but not counted; each may import what the first visit loads, and nothing else.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = 148;
const dist = new URL('../server/backchannel/web/dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', dist), 'utf8'));
const gz = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1000;

const first = new Set();
const walk = (key) => {
  const chunk = manifest[key];
  if (first.has(chunk.file)) return;
  first.add(chunk.file);
  for (const css of chunk.css ?? []) first.add(css);
  for (const imported of chunk.imports ?? []) walk(imported);
};
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) walk(key);

let total = 0;
for (const file of first) {
  total += gz(file);
  console.log(`${gz(file).toFixed(1).padStart(7)} kB  ${file}`);
}
for (const chunk of Object.values(manifest)) {
  for (const imported of chunk.imports ?? []) {
    if (first.has(manifest[imported].file)) continue;
    console.error(
      `${chunk.file} imports ${manifest[imported].file}, which could not be fetched again after a failure.`,
    );
    process.exitCode = 1;
  }
  if (!first.has(chunk.file) && /\.(?:js|css)$/.test(chunk.file)) {
    console.log(`${gz(chunk.file).toFixed(1).padStart(7)} kB  ${chunk.file} (lazy)`);
  }
}
console.log(`${total.toFixed(1).padStart(7)} kB  first load, limit ${LIMIT_KB} kB`);
if (total > LIMIT_KB) process.exit(1);
