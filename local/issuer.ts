/**
 * The development issuer: signs the tokens with which one tries the platform on one machine. Its key is made once and kept
 * in the state directory, readable by its owner alone; on AWS the tenants' own identity provider takes its place.
 */
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JSONWebKeySet, type JWK, SignJWT } from 'jose';
import { invalid } from '../core/errors.ts';
import { shown, tenantId } from '../core/ids.ts';

export const DEV_ISSUER = 'http://localhost/holdfast-dev';
export const DEV_AUDIENCE = 'holdfast';
const ALGORITHM = 'EdDSA';
const FILE_NAME = 'dev-issuer.json';
const TTL_SECONDS_DEFAULT = 8 * 60 * 60;
/** A development token that lives longer than a month is a password. */
const TTL_SECONDS_MAX = 31 * 24 * 60 * 60;

export interface DevIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** The public half, for routers. */
  readonly jwks: JSONWebKeySet;
  /** A signed token whose `tenant` claim is `tenant`. Throws `INVALID_INPUT`. */
  issueToken(options: { readonly tenant: string; readonly ttlSeconds?: number }): Promise<string>;
}

/** Opens the issuer whose key is in `stateDir`, making the key when there is none. Safe to call from two processes at once. */
export async function openDevIssuer(stateDir: string): Promise<DevIssuer> {
  const privateJwk = await readOrCreateKey(stateDir);
  const key = await importJWK(privateJwk, ALGORITHM);
  const { d: _private, ...publicJwk } = privateJwk;
  return {
    issuer: DEV_ISSUER,
    audience: DEV_AUDIENCE,
    jwks: { keys: [publicJwk] },
    issueToken: async ({ tenant, ttlSeconds = TTL_SECONDS_DEFAULT }) => {
      const valid = tenantId(tenant);
      if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > TTL_SECONDS_MAX) {
        throw invalid(
          `Not a token lifetime: ${shown(ttlSeconds)}. Allowed: an integer from 1 to ${TTL_SECONDS_MAX} seconds.`,
        );
      }
      return await new SignJWT({ tenant: valid })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', ...(privateJwk.kid ? { kid: privateJwk.kid } : {}) })
        .setIssuer(DEV_ISSUER)
        .setAudience(DEV_AUDIENCE)
        .setSubject(valid)
        .setIssuedAt()
        .setExpirationTime(`${ttlSeconds}s`)
        .sign(key);
    },
  };
}

async function readOrCreateKey(stateDir: string): Promise<JWK> {
  const path = join(stateDir, FILE_NAME);
  const existing = await readKey(path);
  if (existing) return existing;
  await mkdir(stateDir, { recursive: true });
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(privateKey)), alg: ALGORITHM, use: 'sig', kid: crypto.randomUUID() };
  // Written aside and linked into place: nobody ever reads half a key, and the first to link wins.
  const staged = `${path}.${crypto.randomUUID()}`;
  await writeFile(staged, JSON.stringify(jwk), { mode: 0o600 });
  try {
    await link(staged, path);
    return jwk;
  } catch (thrown) {
    const made = await readKey(path);
    if (made) return made;
    throw thrown;
  } finally {
    await rm(staged, { force: true });
  }
}

async function readKey(path: string): Promise<JWK | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  try {
    return JSON.parse(text) as JWK;
  } catch (cause) {
    throw invalid(
      `The development issuer's key in ${path} is not JSON (${cause instanceof Error ? cause.message : String(cause)}). Delete the file; a new key is made at the next start, and tokens issued before it end.`,
    );
  }
}
