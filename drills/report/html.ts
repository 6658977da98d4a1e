/** Text for the report page. Everything that comes from a run is escaped here, once. */

/** Markup that is safe to place as it is. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | readonly Html[];

/** Template tag: literals stay, values are escaped unless they are `Html` already. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: literals.map((literal, at) => literal + render(parts[at] ?? '')).join('') };
}

/** For style sheets, scripts and other text of our own. */
export function trusted(markup: string): Html {
  return { markup };
}

/** JSON inside a script element: no character of it can end the element. */
export function embeddedJson(value: unknown): Html {
  return { markup: JSON.stringify(value).replaceAll('<', '\\u003c') };
}

export function milliseconds(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 10_000 ? `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function count(amount: number): string {
  return amount.toLocaleString('en-GB');
}

function render(part: Part): string {
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(part);
  return 'markup' in part ? part.markup : part.map((one) => one.markup).join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
