/** What publishing tells the timeline when it goes everywhere at once; a rollout tells of its own. */
import { EVERYWHERE, type TimelineEntry } from '../../core/timeline/timeline.ts';
import { documentName } from './document-means.ts';
import type { KeptEdition } from './document-store.ts';

export function publishedLine(kept: KeptEdition): TimelineEntry {
  const { edition, restores } = kept;
  const document = documentName(kept);
  const from = restores === null ? '' : `, with the content of ${restores === 0 ? 'the bundled default' : restores}`;
  return {
    id: `document ${document} published`,
    story: `document ${document}`,
    kind: edition.type === 'modes' ? 'mode' : 'document',
    phase: 'happens',
    atMs: edition.publishedAtMs,
    what: `${document} is in force everywhere${from}`,
    by: edition.by,
    why: edition.why,
    scope: { ...EVERYWHERE, document },
  };
}
