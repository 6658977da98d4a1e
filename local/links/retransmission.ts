/**
 * Packet loss as the ends of a TCP connection see it: nothing is missing, everything is late. Each chunk of bytes is lost
 * with the given probability, and so is each repeat of it; a repeat is sent after a retransmission time-out, which starts
 * at 200 ms and doubles with each loss in a row. What came after it waits for it (the order is kept).
 *
 * Source: RFC 6298 (the time-out, its doubling, its cap of 60 s); 200 ms is the floor of Linux (`TCP_RTO_MIN`), as it
 * stands on any path shorter than that. Pessimistic on purpose: fast retransmit (RFC 5681) would repair a loss within a
 * round trip, but only with three later segments on the way, and a request or an answer here is one chunk. The set-up of
 * a connection itself (SYN) is not delayed; its first chunk is, like any other.
 */
import type { Rng } from '../../core/rng.ts';

export const RETRANSMIT_MS_MIN = 200;
export const RETRANSMIT_MS_MAX = 60_000;
/** Linux gives a connection up after 15 repeats (`tcp_retries2`); here the chunk comes then, 15 minutes late at most. */
export const LOSSES_IN_ROW_MAX = 15;

export interface Retransmitted {
  readonly losses: number;
  readonly delayMs: number;
}

export function retransmit(lossRatio: number, rng: Rng): Retransmitted {
  let losses = 0;
  let delayMs = 0;
  while (losses < LOSSES_IN_ROW_MAX && rng.next() < lossRatio) {
    delayMs += Math.min(RETRANSMIT_MS_MAX, RETRANSMIT_MS_MIN * 2 ** losses);
    losses += 1;
  }
  return { losses, delayMs };
}
