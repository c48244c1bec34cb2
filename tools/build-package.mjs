/**
 * Builds the npm package in the current folder into `dist`: JavaScript modules, type declarations and source maps, and copies its
 * stylesheets and the license. npm runs it before it packs (`prepack`).
 *
 * Inside this repository the packages are used from their sources, by the export condition `@backchannel/source`;
 * `dist` is for everybody else, whose Node and bundlers do not take TypeScript from node_modules.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules', '.bin', 'tsc');

/** `import … from './x.ts'` in a declaration would need the reader's `allowImportingTsExtensions`. */
const relativeSource = /(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.tsx?\2/g;

/** Paths relative to `folder`, at any depth. */
function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(ending));
}

function build(folder) {
  const dist = join(folder, 'dist');
  rmSync(dist, { recursive: true, force: true });
  execFileSync(tsc, ['-p', join(folder, 'tsconfig.build.json')], { stdio: 'inherit' });
  for (const file of filesIn(dist, '.d.ts')) {
    const text = readFileSync(join(dist, file), 'utf8');
    writeFileSync(join(dist, file), text.replaceAll(relativeSource, '$1$2$3.js$2'));
  }
  const src = join(folder, 'src');
  for (const file of filesIn(src, '.css')) {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    copyFileSync(join(src, file), join(dist, file));
  }
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

const folder = process.cwd();
const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
// Its declarations are read from the build of the package it depends on.
if ('@backchannel/client' in dependencies && !existsSync(join(root, 'client', 'dist'))) build(join(root, 'client'));
build(folder);
