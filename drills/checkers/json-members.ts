/** The members of a JSON object of the evidence; none of anything else. */
import type { Json } from '../../core/json.ts';

export function membersOfValue(value: Json): Readonly<Record<string, Json>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {};
  return value as Readonly<Record<string, Json>>;
}
