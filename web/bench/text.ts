/** Milliseconds that each text takes to parse, highlight and shorten; see `text.mjs`. */
import { highlight, LANGUAGES } from '../src/features/timeline/markdown/highlight.ts';
import { lex } from '../src/features/timeline/markdown/lexer.ts';
import { cleanName } from '../src/ui/names.ts';
import { plainText } from '../src/ui/plainText.ts';
import { SHAPES, variantsOf } from '../tests/timeline/shapes.ts';

function measure(work: () => unknown): number {
  const run = () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  };
  const first = run();
  // Measure a slow one again: another process or the garbage collector may have had the core.
  return first < 8 ? first : Math.min(first, run(), run(), run(), run());
}

const rows: { readonly ms: number; readonly what: string }[] = [];
// Warm up, as in a page that has shown a few messages.
for (const shape of Object.values(SHAPES)) lex(shape);
for (const [name, shape] of Object.entries(SHAPES)) {
  for (const [index, text] of [...variantsOf(shape)].entries()) {
    rows.push({ ms: measure(() => lex(text)), what: `parse ${name} (${index})` });
  }
  for (const language of LANGUAGES) {
    rows.push({
      ms: measure(() => highlight(shape.slice(0, 8_000), language)),
      what: `highlight ${name} as ${language}`,
    });
  }
  rows.push({ ms: measure(() => [plainText(shape), cleanName(shape)]), what: `shorten ${name}` });
}
for (const verb of ['parse', 'highlight', 'shorten']) {
  const all = rows.filter(({ what }) => what.startsWith(verb)).toSorted((a, b) => b.ms - a.ms);
  process.stdout.write(
    `${verb}: ${all.length} texts, median ${all[all.length >> 1]?.ms.toFixed(2)} ms, the slowest:\n`,
  );
  for (const { ms, what } of all.slice(0, 5))
    process.stdout.write(`${ms.toFixed(1).padStart(8)} ms  ${JSON.stringify(what)}\n`);
}
