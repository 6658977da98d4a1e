/**
 * Parses JSON text that nobody has checked. `JSON.parse` alone takes the last of two equal keys, any depth, and keys that
 * reach an object's prototype; two readers may then disagree on what a document says. Invariant: bounded work, no recursion,
 * and what comes out contains only own plain data.
 */
import { invalid } from '../errors.ts';
import { shown } from '../ids.ts';
import type { Json } from '../json.ts';

/** No document of ours is a quarter as deep; a person could not read it. */
export const DEPTH_MAX = 32;
const BLANKS = ' \t\n\r';
/** Keys that mean something to JavaScript itself. */
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Throws `INVALID_INPUT`: too long, no JSON, too deep, a key twice in one object, a forbidden key. `bytesMax`: of UTF-8. */
export function parseGuarded(text: string, { bytesMax }: { readonly bytesMax: number }): Json {
  checkSize(text, bytesMax);
  const value = parsed(text);
  // Now that it is known to be JSON, a scan of its tokens can't be misled.
  scan(text);
  return value;
}

/** Throws `INVALID_INPUT`. Returns the length in bytes of UTF-8. */
export function checkSize(text: string, bytesMax: number): number {
  // No character takes less than a byte: what is far too long is not even encoded.
  const bytes = text.length > bytesMax ? text.length : utf8Bytes(text);
  if (bytes <= bytesMax) return bytes;
  throw invalid(`The document takes ${bytes} bytes or more. Allowed: ${bytesMax}. Has something written it twice?`);
}

export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`Not JSON: ${shown(why)}. Allowed: one JSON value; no comments, NaN, Infinity or trailing commas.`);
  }
}

/** `null`: inside a list. */
type Scope = Set<string> | null;

function scan(text: string): void {
  const scopes: Scope[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = scanString(text, { from: at, scope: scopes.at(-1) ?? null });
    else if (character === '{' || character === '[') {
      scopes.push(character === '{' ? new Set() : null);
      if (scopes.length > DEPTH_MAX)
        throw invalid(`The document is nested deeper than ${DEPTH_MAX} levels. Flatten it.`);
    } else if (character === '}' || character === ']') scopes.pop();
  }
}

/** Where the string ends. In an object a string before a colon is a key. */
function scanString(text: string, { from, scope }: { readonly from: number; readonly scope: Scope }): number {
  let end = from + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  let next = end + 1;
  while (BLANKS.includes(text[next] ?? '.')) next++;
  if (scope !== null && text[next] === ':') {
    // Unescaped: "a" and "\u0061" are one key.
    checkKey(JSON.parse(text.slice(from, end + 1)) as string, scope);
  }
  return end;
}

function checkKey(key: string, scope: Set<string>): void {
  if (FORBIDDEN.has(key)) throw invalid(`The key ${shown(key)} is not allowed in a document. Choose another name.`);
  if (scope.has(key)) throw invalid(`The key ${shown(key)} stands twice in one object. Keep one of them.`);
  scope.add(key);
}
