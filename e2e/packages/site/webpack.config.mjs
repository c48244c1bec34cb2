import { fileURLToPath } from 'node:url';

export default {
  mode: 'production',
  entry: './main.tsx',
  output: { path: fileURLToPath(new URL('out/webpack', import.meta.url)), filename: 'main.js' },
  module: {
    rules: [
      { test: /\.tsx$/, use: { loader: 'ts-loader', options: { transpileOnly: true } } },
      { test: /\.css$/, use: ['style-loader', 'css-loader'] },
    ],
  },
};
