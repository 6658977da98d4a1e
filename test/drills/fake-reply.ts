/** An answer of a fake process. */
import type { Json } from '../../core/json.ts';

export interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

export function problem(status: number, code: string, effect = 'none'): Reply {
  return { status, body: { code, effect, title: code } };
}
