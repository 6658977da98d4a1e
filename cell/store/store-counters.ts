/** What a store did and refused since its process began: for status pages and drills. Counts only, never read by logic. */
export class StoreCounters {
  committed = 0;
  /** Refused by the lease check, before anything was sent. */
  refusedByLease = 0;
  /** Refused by the store: the fence carries another epoch. */
  refusedByFence = 0;
  /** The write returned, but the lease had run out: answered as unknown. */
  leaseLostDuringWrite = 0;
  unknown = 0;
  acknowledgedUnreplicated = 0;
}
