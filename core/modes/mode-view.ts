/**
 * The modes of one cell as its code asks for them on every request: in memory, computed again only when another document runs
 * or a setting has ended. Nothing else is asked: neither the cell's store nor the arbiter, which may be what has failed.
 */
import type { Clock } from '../clock.ts';
import type { Documents } from '../documents/document-type.ts';
import type { CellId } from '../ids.ts';
import { type EffectiveModes, effectiveModes } from './effective-modes.ts';
import type { ModesBody } from './modes-document.ts';
import { modesType } from './modes-type.ts';

export class ModeView {
  readonly #of: { readonly documents: Documents; readonly clock: Clock; readonly cell: CellId };
  #body: ModesBody | null = null;
  #modes: EffectiveModes | null = null;
  #lookedAtMs = 0;

  constructor(of: { readonly documents: Documents; readonly clock: Clock; readonly cell: CellId }) {
    this.#of = of;
  }

  get current(): EffectiveModes {
    const { documents, clock, cell } = this.#of;
    const { body } = documents.current(modesType);
    const nowMs = clock.wallMs();
    const known = this.#modes;
    if (known !== null && body === this.#body && this.#stands(known, nowMs)) return known;
    const modes = effectiveModes(body, { cell, nowMs });
    this.#body = body;
    this.#modes = modes;
    this.#lookedAtMs = nowMs;
    return modes;
  }

  /** A wall clock may go back: what had ended would hold again. */
  #stands({ changesAtMs }: EffectiveModes, nowMs: number): boolean {
    return nowMs >= this.#lookedAtMs && (changesAtMs === null || nowMs < changesAtMs);
  }
}
