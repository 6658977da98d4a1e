/** Every bound of the router in one place, each with the reason for its number. */

/** What a request may take when it names no deadline: a person waits no longer for a shop. */
export const DEADLINE_DEFAULT_MS = 10_000;
/** No caller may hold a cell's slot for longer than this. */
export const DEADLINE_MAX_MS = 60_000;

/** A Lambda function URL takes 6 MB; a body that only one of the two targets takes would be a trap. */
export const BODY_BYTES_MAX = 6 * 1024 * 1024;
/** Bodies up to this are kept for the one retry; larger ones stream through and are not retried. */
export const REPLAY_BYTES_MAX = 64 * 1024;

/** Node's own default: a token, trace context and cookies fit; a header bomb does not. */
export const HEADERS_BYTES_MAX = 16 * 1024;
export const HEADERS_COUNT_MAX = 64;
/** A token above this is no token of ours; it also bounds what the cache of verified tokens holds. */
export const TOKEN_LENGTH_MAX = 4_096;

/** Requests in flight to one cell in one region. More would only queue inside the cell: it is sized for less. */
export const IN_FLIGHT_PER_LINK_MAX = 256;
/** Told to a caller that met a full bulkhead, or a cell that is gone: time for slots to turn over, or for a region to be tried twice. */
export const RETRY_AFTER_S = 1;
/** Connections of clients to one router process; each may hold one replay buffer (4,096 × 64 KiB = 256 MiB). */
export const CLIENT_CONNECTIONS_MAX = 4_096;

/** A handshake between regions takes two crossings (≤ 160 ms), and a busy process its time: past this, the region is gone. */
export const CONNECT_TIMEOUT_MS = 500;

/** One try and one retry: more would multiply load just when something is wrong. */
export const ATTEMPTS_MAX = 2;

/** How far a cell's hint may run ahead of the known epoch: a garbled number must not pin the router for ever. */
export const HINT_EPOCH_STEP_MAX = 1_000;
