import { defineConfig } from 'rolldown';

/** Programs for Node out of the packages' sources, each in one file: `rolldown -c … --input main.ts --file out.mjs`. */
export default defineConfig({
  platform: 'node',
  resolve: { conditionNames: ['@backchannel/source', 'node', 'import', 'default'] },
  output: { format: 'esm' },
});
