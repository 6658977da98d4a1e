/**
 * The client of the payment provider as a process of a cell needs it: a plain one on one machine, and one that signs its
 * requests where the provider stands behind a Function URL with IAM. It never repeats a call: that is the outbox's to decide.
 */
import { AwsClient } from 'aws4fetch';
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { invalid } from '../../core/errors.ts';
import { PaymentClient } from './payment-client.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const FUNCTION_URL = /\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;

/** Throws `INVALID_INPUT` for a setting that is missing or no URL. */
export function openPayments(runtime: CellRuntime, env: Environment): PaymentClient {
  const baseUrl = runtime.setting('PAYMENTS_URL');
  const { clock } = runtime;
  if (!URL.canParse(baseUrl)) throw invalid(`PAYMENTS_URL is "${baseUrl.slice(0, 100)}". Allowed: a URL.`);
  const region = FUNCTION_URL.exec(new URL(baseUrl).hostname)?.[1];
  if (region === undefined) return new PaymentClient({ baseUrl, clock });
  return new PaymentClient({ baseUrl, clock, fetch: signedFetch(region, env) });
}

function signedFetch(region: string, env: Environment): typeof fetch {
  return async (input, init) => {
    // Read at each call: an execution environment may be given new ones.
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
    const { AWS_SESSION_TOKEN: sessionToken } = env;
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    const signer = new AwsClient({ ...credentials, service: 'lambda', region, retries: 0 });
    return fetch(await signer.sign(input instanceof Request ? input : String(input), init));
  };
}
