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
/** The languages that can be highlighted. */
export const LANGUAGES = Object.keys(languages);
for (const [name, definition] of Object.entries(languages)) hljs.registerLanguage(name, definition);

interface Scope {
  readonly scope?: string;
  readonly children: readonly (Scope | string)[];
}
interface Emitter {
  readonly rootNode: Scope;
  openNode(scope: string): void;
  __addSublanguage(emitter: Emitter, name: string): void;
}
const emitterOf = (result: object) => (result as { _emitter: Emitter })._emitter;

/** Longer code is not highlighted: it would take too long. */
const MAX_CHARACTERS = 8_000;
/** Each scope is an element. Real code has about one per eight characters; this stops other texts. */
const MAX_SCOPES = 1_200;
/** Grammars search for the end of a word from each of its letters, which takes quadratic time. */
const LONG_RUN = /\w{200,}|\s{200,}/;

const TokenTreeEmitter = emitterOf(hljs.highlight('', { language: 'json' })).constructor as new (
  options: object,
) => Emitter;

/** Scopes of the code being highlighted, including embedded languages. */
let scopes = 0;

function count(): void {
  scopes += 1;
  if (scopes > MAX_SCOPES) throw new Error('Too many scopes to highlight.');
}

/** Throws after `MAX_SCOPES`; highlight.js then returns what it has, with the error. */
class LimitedEmitter extends TokenTreeEmitter {
  override openNode(scope: string): void {
    count();
    super.openNode(scope);
  }

  override __addSublanguage(emitter: Emitter, name: string): void {
    count();
    super.__addSublanguage(emitter, name);
  }
}
hljs.configure({ __emitter: LimitedEmitter } as object);

/**
 * The highlighted code, or null if the language is unknown or the code exceeds a limit. Renders highlight.js's tree,
 * never HTML.
 */
export function highlight(code: string, language: string): ReactNode {
  const name = language.trim().split(/\s/)[0] ?? '';
  if (code.length > MAX_CHARACTERS || LONG_RUN.test(code) || !hljs.getLanguage(name)) return null;
  scopes = 0;
  const result = hljs.highlight(code, { language: name, ignoreIllegals: true });
  return result.errorRaised || scopes > MAX_SCOPES ? null : renderAll(emitterOf(result).rootNode.children);
}

/** Merges adjacent texts, each of which would be a DOM node. */
function renderAll(children: Scope['children']): ReactNode[] {
  const nodes: ReactNode[] = [];
  let text = '';
  for (const child of children) {
    if (typeof child === 'string') text += child;
    else {
      nodes.push(text, renderScope(child, nodes.length));
      text = '';
    }
  }
  return [...nodes, text];
}

function renderScope({ scope, children }: Scope, key: number): ReactNode {
  return createElement('span', { key, className: `hl-${scope?.split('.')[0] ?? ''}` }, renderAll(children));
}
