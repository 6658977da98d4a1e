/**
 * What one value found at the end says about the writes of its key, by real-time order alone. The value was written by
 * some write W. A write that was invoked after W was over should have replaced it: if it was acknowledged, it is lost. A
 * write of unknown outcome may take effect at any time after its invocation, so as W it proves nothing lost.
 *
 *   ok a ├──┤   ok b ├──┤   ok c ├──┤        found b → a superseded, c lost
 */
import type { Json } from '../../core/json.ts';
import { type Call, isOk, type OkCall, precedes, sameJson } from '../history/call.ts';

export type RegisterJudgement =
  /** Every acknowledged write stands, or was replaced by one that may have followed it. */
  | { readonly kind: 'explained'; readonly lost: readonly OkCall[] }
  /** The value found is of no write that was, or may have been, accepted. */
  | { readonly kind: 'unexplained'; readonly refusedWriter: Call | null };

export function judgeRegister(options: { writes: readonly Call[]; found: Json }): RegisterJudgement {
  const { writes, found } = options;
  const acknowledged = writes.filter(isOk);
  if (found === null) return { kind: 'explained', lost: acknowledged };
  const writers = writes.filter((write) => sameJson(write.asked, found));
  const candidates = writers.filter((write) => write.outcome !== 'fail');
  if (candidates.length === 0) return { kind: 'unexplained', refusedWriter: writers[0] ?? null };
  // Several writes of one value: the explanation that loses least is possible, so no other is proven.
  const explanations = candidates.map((writer) => acknowledged.filter((write) => precedes(writer, write)));
  const lost = explanations.reduce((least, next) => (next.length < least.length ? next : least));
  return { kind: 'explained', lost };
}
