/** What little the bundler tells of a module. */
interface ModuleInfo {
  readonly isEntry: boolean;
  readonly importers: readonly string[];
  readonly dynamicImporters: readonly string[];
}

type Lookup = { getModuleInfo(id: string): ModuleInfo | null };

/**
 * Names the chunk of a module: `main` for what `entry` needs, and for what two lazy chunks share; null for what one lazy chunk alone needs.
 * A third chunk for what they share could not be fetched again after a failure (src/app/lazyWithRetry.ts says why).
 */
export function chunkOf(entry: string): (id: string, modules: Lookup) => string | null {
  const known = new Map<string, ReadonlySet<string>>();

  /** The entries, lazy ones included, that import the module, directly or not. */
  function rootsOf(id: string, modules: Lookup): ReadonlySet<string> {
    const found = known.get(id);
    if (found) return found;
    const roots = new Set<string>();
    known.set(id, roots);
    const seen = new Set([id]);
    for (const each of seen) {
      const info = modules.getModuleInfo(each);
      if (info?.isEntry || info?.dynamicImporters.length) roots.add(each);
      for (const importer of info?.importers ?? []) seen.add(importer);
    }
    return roots;
  }

  return (id, modules) => {
    const roots = rootsOf(id, modules);
    return roots.size > 1 || roots.has(entry) ? 'main' : null;
  };
}
