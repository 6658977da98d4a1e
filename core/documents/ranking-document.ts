/**
 * The document `ranking`: the features by which the catalogue orders what a search finds, and how much each counts. A
 * generator writes it, so it is trusted as little as a stranger's: the feature file that doubled and took every proxy of a
 * network down (Cloudflare, November 2025) was internal, too.
 */
import { invalid } from '../errors.ts';
import type { DocumentType } from './document-type.ts';
import { readList, readMembers, readNumber, readText } from './read-body.ts';

export interface Ranking {
  readonly features: readonly Feature[];
}

export interface Feature {
  /** `whole-word`, `word-prefix`: a word of the query fits so. `term:tea`: the product has this word. Others count nothing. */
  readonly name: string;
  readonly weight: number;
}

/** What a search can afford to look at for each product. */
export const FEATURES_MAX = 200;
const WEIGHT = { min: -100, max: 100 };
const NAME = { form: /^[a-z][a-z0-9-]{0,31}(:[\p{L}\p{N}]{1,32})?$/u, allowed: 'as whole-word or term:tea' };
/** A file that grows by more than half in one edition is more often a fault of the generator than news. */
const GROWTH_RATIO_MAX = 1.5;
/** So that a small file may begin to grow. */
const GROWTH_FREE = 20;

export const rankingDocument: DocumentType<Ranking> = {
  name: 'ranking',
  summary: 'The features by which the catalogue orders what a search finds, with their weights.',
  staging: 'waves',
  bytesMax: 32 * 1024,
  bundled: {
    features: [
      { name: 'whole-word', weight: 2 },
      { name: 'word-prefix', weight: 1 },
    ],
  },
  parse: (value) => {
    const members = readMembers(value, { path: '$', required: ['features'] });
    const list = readList(members.get('features'), { path: '$.features', lengthMax: FEATURES_MAX });
    const features = list.map(readFeature);
    refuseDuplicates(features);
    return { features };
  },
  check: ({ features }, { before }) => {
    const allowed = Math.max(Math.floor(before.features.length * GROWTH_RATIO_MAX), GROWTH_FREE);
    if (features.length <= allowed) return [];
    const seen = `${features.length} features after ${before.features.length}`;
    return [{ kind: 'delta', message: `$.features: ${seen}. Allowed in one edition: ${allowed}.` }];
  },
  // A search that orders otherwise is neither less load nor less function.
  isSafeDirection: () => false,
};

function readFeature(value: unknown, index: number): Feature {
  const path = `$.features[${index}]`;
  const members = readMembers(value, { path, required: ['name', 'weight'] });
  return {
    name: readText(members.get('name'), { path: `${path}.name`, ...NAME }),
    weight: readNumber(members.get('weight'), { path: `${path}.weight`, ...WEIGHT }),
  };
}

function refuseDuplicates(features: readonly Feature[]): void {
  const seen = new Set<string>();
  for (const { name } of features) {
    if (seen.has(name)) {
      throw invalid(`$.features has ${name} more than once. Allowed: once. Did the generator run over its own output?`);
    }
    seen.add(name);
  }
}
