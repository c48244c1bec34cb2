import { Lexer, type Token } from 'marked';

/** A single newline is a line break: what people type in a chat is what they see. */
const options = { gfm: true, breaks: true } as const;

/** The tokens of a message. They are drawn as React elements; no HTML string is ever made of them. */
export function parse(content: string): Token[] {
  return new Lexer(options).lex(content);
}
