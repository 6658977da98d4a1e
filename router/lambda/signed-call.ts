/**
 * Signs a call with Signature Version 4 under the function's own role. Each attempt is signed anew: a signature covers the
 * deadline that is left and is good for minutes only. The credentials are those that Lambda put into the environment.
 */
import { AwsV4Signer } from 'aws4fetch';
import type { HttpCall } from './https-caller.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface Unsigned {
  /** Origin and target. */
  readonly url: string;
  readonly method: string;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
  readonly service: 'lambda' | 's3';
  readonly region: string;
}

/** Derived signing keys by day, region and service: AWS changes them once a day. */
const CACHED_KEYS_MAX = 64;

export class CallSigner {
  readonly #credentials: () => Credentials;
  #keys = new Map<string, ArrayBuffer>();

  constructor(credentials: () => Credentials) {
    this.#credentials = credentials;
  }

  async sign(call: Unsigned): Promise<Pick<HttpCall, 'url' | 'method' | 'headers' | 'body'>> {
    if (this.#keys.size > CACHED_KEYS_MAX) this.#keys = new Map();
    const headers = new Headers();
    for (let at = 0; at < call.headers.length; at += 2) {
      headers.append(call.headers[at] as string, call.headers[at + 1] as string);
    }
    const { url, service, region, body, method } = call;
    const signer = new AwsV4Signer({
      ...{ method, url, service, region, headers, cache: this.#keys, ...this.#credentials() },
      ...(body === null ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    const signed = await signer.sign();
    return { url: signed.url, method, headers: Object.fromEntries(new Headers(signed.headers)), body };
  }
}
