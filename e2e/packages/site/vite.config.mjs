import { defineConfig } from 'vite';

// The server compares `Origin` with `Host`: the proxy leaves `Host` as the browser sent it.
const target = process.env.CHAT_SERVER;
const proxy = { '/api': { target, changeOrigin: false }, '/ws': { target, ws: true, changeOrigin: false } };

/** As Vite's own template for React, without a plugin: it is the packages that are tried. */
export default defineConfig({ build: { outDir: 'out/vite' }, preview: { proxy } });
