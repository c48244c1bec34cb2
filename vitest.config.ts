import { defineConfig } from 'vitest/config';

/** Every workspace is a project; one that needs a browser says so in a vitest.config.ts of its own. */
export default defineConfig({ test: { projects: ['client', 'react', 'web'] } });
