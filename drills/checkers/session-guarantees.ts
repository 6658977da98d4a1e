/**
 * Session guarantees (Terry et al., "Session guarantees for weakly consistent replicated data", 1994), of every client whose reads
 * carry its session token, wherever they are answered:
 *
 *   read your writes      a read is not older than what the client wrote
 *   monotonic reads       a read is not older than what the client read
 *   monotonic writes and  the order of a client's own writes, and of a write after what it had read, is the order in which
 *   writes follow reads   everybody sees them: both are part of the order that "older" goes by (`write-order.ts`)
 *
 * Decided for products that are set and read, by values; overlapping writes are in no order and prove nothing. What was not
 * acknowledged as replicated may be undone by a takeover, and is no longer promised then.
 */
import { type Call, type History, isOk } from '../history/call.ts';
import { registersOf } from './registers.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';
import { mayBeUndone, shownBy, WriteOrder } from './write-order.ts';

export function sessionGuarantees(input: { readonly history: History }): CheckResult {
  return check('session-guarantees', () => {
    const judged = [...registersOf(input.history).values()].map(judgeKey);
    return {
      findings: judged.flatMap(({ findings }) => findings),
      figures: { sessionReads: judged.reduce((sum, { reads }) => sum + reads, 0) },
    };
  });
}

interface Seen {
  /** What the client knows of: its own write, or one whose value it read. */
  readonly write: Call;
  readonly by: Call;
}

function judgeKey(calls: readonly Call[]): { readonly findings: readonly Finding[]; readonly reads: number } {
  const order = new WriteOrder(calls);
  const seenBy = new Map<number, Seen[]>();
  const findings: Finding[] = [];
  let reads = 0;
  for (const call of [...calls].sort((a, b) => a.invokedAtMs - b.invokedAtMs)) {
    const seen = seenBy.get(call.client) ?? [];
    seenBy.set(call.client, seen);
    if (call.op === 'stock.put' && isOk(call)) seen.push({ write: call, by: call });
    const shown = shownBy(call);
    // An answer of the owner raises the floor as any other; only what carried the token is held to it.
    if (shown === undefined) continue;
    if (call.session) {
      reads += 1;
      const broken = seen.find(({ write }) => order.isOlder(shown, write) && !mayBeUndone(write, call));
      if (broken) findings.push(finding(call, broken));
    }
    const [writer, ...others] = order.writersOf(shown);
    if (writer && others.length === 0) seen.push({ write: writer, by: call });
  }
  return { findings, reads };
}

function finding(read: Call, { write, by }: Seen): Finding {
  const own = write === by;
  const rule = own ? 'read-your-writes' : 'monotonic-reads';
  const what = own ? 'it wrote' : `it had read (line ${by.line})`;
  const message = `Client ${read.client} read ${read.key} in ${read.region} and was shown something older than ${JSON.stringify(write.asked)}, which ${what}.`;
  return { rule, message, lines: [...new Set([write.line, by.line, read.line])] };
}
