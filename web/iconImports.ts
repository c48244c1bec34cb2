import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

const IMPORT = /^import \{([^}]+)\} from 'lucide-react';$/gm;

/**
 * Imports each icon from its own file. All come from the package's index otherwise, so that every chunk seems to share every icon, and
 * the first load would hold those of dialogs that nobody has opened (lazyChunks.ts).
 */
export function iconImports(): Plugin {
  let files: ReadonlyMap<string, string> | null = null;
  return {
    name: 'backchannel:icon-imports',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      if (id.includes('/node_modules/') || !code.includes("'lucide-react'")) return null;
      const known = (files ??= filesOfIcons());
      return code.replaceAll(IMPORT, (_, names: string) =>
        names
          .split(',')
          .map((name) => name.trim())
          .filter(Boolean)
          .map((name) => {
            const file = known.get(name);
            if (!file) throw new Error(`${id}: lucide-react has no icon ${name}.`);
            return `import ${name} from 'lucide-react/icons/${file}';`;
          })
          .join(' '),
      );
    },
  };
}

/** The name of each icon's file, by all names of the icon, as the package's index has them. */
function filesOfIcons(): ReadonlyMap<string, string> {
  const main = createRequire(import.meta.url).resolve('lucide-react');
  const index = readFileSync(join(dirname(main), '../esm/lucide-react.mjs'), 'utf8');
  const files = new Map<string, string>();
  for (const [, names, file] of index.matchAll(/^export \{(.+)\} from '\.\/icons\/([\w-]+)\.mjs';$/gm))
    for (const [, name] of (names as string).matchAll(/default as (\w+)/g)) files.set(name as string, file as string);
  return files;
}
