/** What every resource and every account asks: tags on all that can carry them, and no more concurrency than there is. */
import { TAGS } from '../../../core/aws-names.ts';
import { UNRESERVED_CONCURRENCY } from '../../../core/topology-aws.ts';
import { listOf, objectOf } from '../intrinsics.ts';
import { type Finding, type Resource, resourcesOf, type Templates } from '../templates.ts';

const WANTED = [TAGS.cell, TAGS.region, TAGS.release, TAGS.stage];
/** Of the provider that the CDK makes to empty a bucket; its tags are not ours to set. */
const UNTAGGED = /^CustomS3AutoDeleteObjects/;

export function checkTags(templates: Templates, taggable: ReadonlyMap<string, readonly string[]>): readonly Finding[] {
  return [...templates].flatMap(([stack, template]) =>
    (taggable.get(stack) ?? [])
      .filter((id) => !UNTAGGED.test(id))
      .flatMap((id) => {
        const resource = template.Resources[id];
        const missing = resource ? WANTED.filter((tag) => !tagsOf(resource).every((tags) => tags.has(tag))) : [];
        return missing.map((tag) => `${stack}/${id} (${resource?.Type}): has no tag ${tag}`);
      }),
  );
}

/** The keys, once for each part of the resource that carries its own. */
function tagsOf({ Type, Properties = {} }: Resource): readonly ReadonlySet<string>[] {
  if (Type === 'AWS::DynamoDB::GlobalTable') {
    return listOf(Properties.Replicas).map((replica) => keysOf(objectOf(replica).Tags));
  }
  return [keysOf(Properties.Tags ?? Properties.ResourceTags ?? {})];
}

const keysOf = (tags: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(tags) ? tags.map((tag) => String(objectOf(tag).Key)) : Object.keys(objectOf(tags)));

export function checkConcurrency(templates: Templates, accountConcurrency: number): readonly Finding[] {
  const reserved = new Map<string, number>();
  for (const [stack, template] of templates) {
    const region = /[a-z]{2}-[a-z]+-\d$/.exec(stack)?.[0] ?? 'first';
    for (const [, it] of resourcesOf(template, 'AWS::Lambda::Function')) {
      reserved.set(region, (reserved.get(region) ?? 0) + Number(it.ReservedConcurrentExecutions ?? 0));
    }
  }
  const limit = accountConcurrency - UNRESERVED_CONCURRENCY;
  return [...reserved]
    .filter(([, count]) => count > limit)
    .map(([region, count]) => `${region}: reserves ${count} of ${limit}`);
}
