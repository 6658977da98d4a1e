/** One signed request to a service that has no client library here, bounded, with what AWS answers told as our errors. */
import { AwsClient } from 'aws4fetch';
import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../resilience/deadline.ts';
import { cloudError } from './cloud-error.ts';
import { REQUESTS } from './request-limits.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Signing {
  readonly keys: () => Promise<Keys>;
  readonly clock: Clock;
}

export interface Question extends Signing {
  readonly service: 'iam' | 'logs' | 'fis';
  /** That it is signed for. */
  readonly region: string;
  /** Origin of the service; `AWS_ENDPOINT_URL` goes before it. */
  readonly origin: string;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path?: string;
  /** What was tried, as `count the roles of the account`. */
  readonly doing: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default: a call that only looks, so that its failure had no effect. */
  readonly changes?: boolean;
}

const TEXT_MAX = 300;

/** The body of the answer. Throws `UNAUTHENTICATED`, `FORBIDDEN`, `CLOUD_UNAVAILABLE`, `DEPLOY_FAILED` as `cloudError` does. */
export async function signedAsk(question: Question): Promise<string> {
  const { keys, clock, service, region, doing, headers = {}, body, changes = false } = question;
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await keys();
    const session = sessionToken ? { sessionToken } : {};
    const retries = REQUESTS.maxAttempts;
    const client = new AwsClient({ accessKeyId, secretAccessKey, ...session, service, region, retries });
    const deadline = new Deadline({ clock, ms: REQUESTS.requestHandler.requestTimeout });
    const { response, text } = await deadline.run(doing, async (signal) => {
      const url = `${process.env.AWS_ENDPOINT_URL ?? question.origin}${question.path ?? '/'}`;
      const { method = 'POST' } = question;
      const response = await client.fetch(url, { method, headers: { ...headers }, body: body ?? null, signal });
      return { response, text: await response.text() };
    });
    if (response.ok) return text;
    const name = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? codeOf(text);
    throw Object.assign(new Error(text.slice(0, TEXT_MAX)), { name, $metadata: { httpStatusCode: response.status } });
  } catch (thrown) {
    throw cloudError(thrown, { doing, looksOnly: !changes });
  }
}

/** `<Code>AccessDenied</Code>`, or `"__type":"AccessDeniedException"`. */
function codeOf(text: string): string {
  return /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? /"__type"\s*:\s*"(?:[^"#]*#)?(\w+)"/.exec(text)?.[1] ?? 'Unknown';
}
