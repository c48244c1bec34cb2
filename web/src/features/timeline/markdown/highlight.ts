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
/** Those that are coloured. */
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

/** Longer code takes longer than its colours are worth. */
const SIGNS = 8_000;
/** Each is an element. Code has one for eight signs; this is for what is none. */
const SCOPES = 1_200;
/** Grammars look for the end of a word from each of its letters. */
const LONG_RUN = /\w{200,}|\s{200,}/;

const Plain = emitterOf(hljs.highlight('', { language: 'json' })).constructor as new (options: object) => Emitter;

/** Of the code that is read, other languages inside it included. */
let scopes = 0;

function count(): void {
  scopes += 1;
  if (scopes > SCOPES) throw new Error('More scopes than code has.');
}

/** Gives up in time; highlight.js then hands out what it has, with the error. */
class Counting extends Plain {
  override openNode(scope: string): void {
    count();
    super.openNode(scope);
  }

  override __addSublanguage(emitter: Emitter, name: string): void {
    count();
    super.__addSublanguage(emitter, name);
  }
}
hljs.configure({ __emitter: Counting } as object);

/** Code with colours, or null where it is not known how, or would cost too much. Its tree is drawn, its HTML never made. */
export function highlight(code: string, language: string): ReactNode {
  const name = language.trim().split(/\s/)[0] ?? '';
  if (code.length > SIGNS || LONG_RUN.test(code) || !hljs.getLanguage(name)) return null;
  scopes = 0;
  const result = hljs.highlight(code, { language: name, ignoreIllegals: true });
  return result.errorRaised || scopes > SCOPES ? null : drawAll(emitterOf(result).rootNode.children);
}

/** Texts side by side become one: each would be a node of its own. */
function drawAll(children: Scope['children']): ReactNode[] {
  const drawn: ReactNode[] = [];
  let text = '';
  for (const child of children) {
    if (typeof child === 'string') text += child;
    else {
      drawn.push(text, draw(child, drawn.length));
      text = '';
    }
  }
  return [...drawn, text];
}

function draw({ scope, children }: Scope, key: number): ReactNode {
  return createElement('span', { key, className: `hl-${scope?.split('.')[0] ?? ''}` }, drawAll(children));
}
