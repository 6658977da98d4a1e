/**
 * What a shop was told is written, and what must stand in the end: registers, whose last acknowledged value stands, and counts. Pure.
 * Invariant: a write that was refused is in neither, so a trace of it is found; one of unknown outcome may stand or not.
 */
export class KeptWrites {
  /** Name → what may stand, the acknowledged value first. */
  readonly #registers = new Map<string, unknown[]>();
  readonly #counts = new Map<string, { acknowledged: number; unknown: number }>();

  set(name: string, value: unknown, outcome: 'acknowledged' | 'unknown'): void {
    // Writers of a register take turns, so what was acknowledged later replaced what nobody knew of.
    const known = outcome === 'acknowledged' ? [] : (this.#registers.get(name) ?? []);
    this.#registers.set(name, outcome === 'acknowledged' ? [value] : [...known, value]);
  }

  count(name: string, outcome: 'acknowledged' | 'unknown'): void {
    const before = this.#counts.get(name) ?? { acknowledged: 0, unknown: 0 };
    this.#counts.set(name, { ...before, [outcome]: before[outcome] + 1 });
  }

  get names(): readonly string[] {
    return [...this.#registers.keys(), ...this.#counts.keys()];
  }

  /** What was lost, and what stands although it was refused; each a sentence. `found`: by name, what was read in the end. */
  complaints(found: ReadonlyMap<string, unknown>): readonly string[] {
    const registers = [...this.#registers].flatMap(([name, values]) => {
      const seen = JSON.stringify(found.get(name) ?? null);
      if (values.some((value) => JSON.stringify(value) === seen)) return [];
      return [`${name} is ${seen} in the end; acknowledged: ${JSON.stringify(values[0])}.`];
    });
    const counts = [...this.#counts].flatMap(([name, { acknowledged, unknown }]) => {
      const seen = Number(found.get(name) ?? Number.NaN);
      if (seen >= acknowledged && seen <= acknowledged + unknown) return [];
      return [`${name} is ${seen} in the end; acknowledged: ${acknowledged}, of unknown outcome: ${unknown}.`];
    });
    return [...registers, ...counts];
  }
}
