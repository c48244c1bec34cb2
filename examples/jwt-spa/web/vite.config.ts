import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { sourceConditions } from '../../../conditions.ts';

// Where the Django site is; index.html names it to the page.
process.env.VITE_API ??= 'http://localhost:8000';

export default defineConfig({
  plugins: [react()],
  // This repository's packages are used from their sources; those of npm are built.
  resolve: { conditions: sourceConditions },
});
