import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { sourceConditions } from '../../../conditions.ts';

/** Writes dist/shop.js and dist/shop.css, which Django serves as static files. */
export default defineConfig({
  base: '/static/',
  plugins: [react()],
  // This repository's packages are used from their sources; those of npm are built.
  resolve: { conditions: sourceConditions },
  build: {
    rolldownOptions: {
      input: 'src/main.tsx',
      output: { entryFileNames: 'shop.js', assetFileNames: 'shop[extname]', chunkFileNames: 'shop-[hash].js' },
    },
  },
});
