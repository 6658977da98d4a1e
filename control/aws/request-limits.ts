/** Bounds of one request to AWS by an operator's command; the SDK's own defaults wait for ever. */

export const REQUESTS = {
  /** Two more than the SDK's default: throttling of a whole account passes within seconds. */
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000 },
} as const;
