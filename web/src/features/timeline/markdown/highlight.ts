import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createElement, type ReactNode } from 'react';

const languages = { bash, css, diff, go, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, definition] of Object.entries(languages)) hljs.registerLanguage(name, definition);

interface Scope {
  readonly scope?: string;
  readonly children: readonly (Scope | string)[];
}

/** Code with colours, or null where the language is not known here. Its tree is drawn, its HTML never made. */
export function highlight(code: string, language: string): ReactNode {
  const name = language.trim().split(/\s/)[0] ?? '';
  if (!hljs.getLanguage(name)) return null;
  const result = hljs.highlight(code, { language: name, ignoreIllegals: true });
  const root = (result as unknown as { _emitter: { rootNode: Scope } })._emitter.rootNode;
  return root.children.map(draw);
}

function draw(node: Scope | string, index: number): ReactNode {
  if (typeof node === 'string') return node;
  const kind = node.scope?.split('.')[0] ?? '';
  return createElement('span', { key: index, className: `hl-${kind}` }, node.children.map(draw));
}
