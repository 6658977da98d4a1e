/** The gate of a document's rollout: whether the processes of the cells that have the edition still run it. */
import type { DocumentType } from '../../core/documents/document-type.ts';
import type { Gate, GateFinding } from '../rollout/rollout-executor.ts';
import type { DocumentEyes } from './document-eyes.ts';

export interface ConsumersGateOptions {
  readonly eyes: DocumentEyes;
  readonly type: DocumentType;
  readonly version: number;
}

const NAME = 'consumers';

export function consumersGate({ eyes, type, version }: ConsumersGateOptions): Gate {
  const finding = (state: GateFinding['state'], detail: string) => ({ gate: NAME, state, detail });
  return {
    name: NAME,
    // Between hand-out and confirmation a cell may run either.
    midCell: false,
    look: async (cells, { withinMs }) => {
      const looks = cells.map(async (cell) => {
        const seen = await eyes.look({ cell, type: type.name }, { withinMs });
        return seen.map((each) => ({ ...each, place: `${cell}@${each.region}` }));
      });
      const seen = (await Promise.all(looks)).flat();
      const other = seen.filter((each) => each.version !== null && each.version < version);
      if (other.length > 0) return finding('closed', `${places(other)} went back to an older ${type.name}`);
      const silent = seen.filter((each) => each.version === null);
      if (silent.length > 0) return finding('unknown', `${places(silent)} does not say what it runs`);
      return finding('open', `${seen.length} processes run ${type.name}@${version}`);
    },
  };
}

const places = (seen: readonly { readonly place: string }[]) => seen.map(({ place }) => place).join(', ');
