/** One line of a history → an event, or the reason why it is none. Unknown members are ignored, so the format can grow. */
import { shown } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import { isOperationName, type OperationEvent } from './operation.ts';
import { reasonAgainstValue } from './value-shape.ts';

type Members = Readonly<Record<string, unknown>>;

const TEXT_LENGTH_MAX = 512;

export function parseEvent(line: string): OperationEvent | string {
  const members = membersOf(line);
  if (typeof members === 'string') return members;
  const reason = reasonAgainst(members);
  if (reason !== null) return reason;
  // Every member that an event has was checked by name and shape above.
  return members as unknown as OperationEvent;
}

function membersOf(line: string): Members | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    // Which character JSON dislikes does not help anybody; the line number does.
    return `not JSON: ${shown(line)}`;
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return `not an object: ${shown(parsed)}`;
  return parsed as Members;
}

function reasonAgainst(members: Members): string | null {
  const { t, client, op, key, region, epoch, cell, id } = members;
  if (!isDuration(t)) return wrong('t', t, 'milliseconds from 0');
  if (!Number.isSafeInteger(client) || Number(client) < 0) return wrong('client', client, 'an integer from 0');
  if (!isOperationName(op)) return wrong('op', op, 'an operation of the format');
  if (!isText(key)) return wrong('key', key, 'a string');
  if (!isText(cell)) return wrong('cell', cell, 'a string');
  if (!isText(id)) return wrong('id', id, 'a string');
  if (region !== null && !isText(region)) return wrong('region', region, 'a string or null');
  if (epoch !== null && !(Number.isSafeInteger(epoch) && Number(epoch) >= 0)) {
    return wrong('epoch', epoch, 'an integer from 0, or null');
  }
  if (!isJson(members.value)) return wrong('value', members.value, 'a JSON value; null stands for none');
  return reasonAgainstType(members) ?? reasonAgainstValue({ op, type: members.type, value: members.value });
}

function reasonAgainstType(members: Members): string | null {
  const { type, via, code, degraded, session, stalenessMs, maxStalenessMs } = members;
  switch (type) {
    case 'invoke':
      if (session !== undefined && typeof session !== 'boolean')
        return wrong('session', session, 'a boolean, or absent');
      if (maxStalenessMs !== undefined && !isDuration(maxStalenessMs)) {
        return wrong('maxStalenessMs', maxStalenessMs, 'milliseconds from 0, or absent');
      }
      return via === 'router' || via === 'direct' ? null : wrong('via', via, 'router or direct');
    case 'ok':
      if (degraded !== undefined && !isText(degraded)) return wrong('degraded', degraded, 'a string, or absent');
      if (stalenessMs !== undefined && !isDuration(stalenessMs)) {
        return wrong('stalenessMs', stalenessMs, 'milliseconds from 0, or absent');
      }
      return null;
    case 'fail':
    case 'info':
      return isText(code) ? null : wrong('code', code, 'a string');
    default:
      return wrong('type', type, 'invoke, ok, fail or info');
  }
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= TEXT_LENGTH_MAX;
}

function isJson(value: unknown): value is Json {
  return value !== undefined;
}

function wrong(member: string, seen: unknown, allowed: string): string {
  return `${member} is ${shown(seen)}; allowed: ${allowed}`;
}
