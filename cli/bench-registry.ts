/** The benches there are. Each is loaded only when it runs: what it needs is not needed by any other command. */
import type { Bench } from './services.ts';

export const BENCHES: readonly Bench[] = [];
