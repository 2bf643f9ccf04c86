import { readFile } from 'node:fs/promises';
import { systemClock } from '../objects/index.ts';
import type { Clock } from '../objects/index.ts';
import { KubeconfigError } from './errors.ts';
import type { UserEntry } from './kubeconfig.ts';

/** What a request carries to say who asks. */
export interface RequestCredentials {
  headers: Record<string, string | string[]>;
  /** Client certificate and key, PEM. */
  cert?: string;
  key?: string;
}

/** Source of credentials; asked before each request, so it caches by itself. */
export interface Credentials {
  get(): Promise<RequestCredentials>;
  /** The server refused the last ones (401): forget what is cached. Absent when asking again cannot help. */
  invalidate?(): void;
}

/** How long a token file's content is believed; client-go reads it again every minute too. */
const TOKEN_FILE_MS = 60_000;

/** A token that another process renews in a file, e.g. a projected service account token. */
export function tokenFileCredentials(file: string, clock: Clock = systemClock): Credentials {
  let cached: { token: string; until: number } | undefined;
  return {
    get: async () => {
      if (cached === undefined || cached.until <= clock.now()) {
        const token = (await readPem(file, 'token file')).trim();
        if (token === '') throw new KubeconfigError(`token file ${file}: is empty`);
        cached = { token, until: clock.now() + TOKEN_FILE_MS };
      }
      return { headers: { authorization: `Bearer ${cached.token}` } };
    },
    invalidate: () => {
      cached = undefined;
    },
  };
}

/** Credentials that never change: client certificate, token, or user name and password. */
export async function staticCredentials(user: UserEntry, name: string): Promise<Credentials> {
  const cert = await inlineOrFile(
    user['client-certificate-data'],
    user['client-certificate'],
    `user ${name}: client-certificate`,
  );
  const key = await inlineOrFile(user['client-key-data'], user['client-key'], `user ${name}: client-key`);
  if ((cert === undefined) !== (key === undefined)) {
    throw new KubeconfigError(`user ${name}: client-certificate and client-key must both be set`);
  }
  const headers: Record<string, string> = {};
  if (user.token !== undefined && user.token !== '') headers['authorization'] = `Bearer ${user.token}`;
  else if (user.username !== undefined && user.username !== '') {
    const pair = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    headers['authorization'] = `Basic ${pair}`;
  }
  const fixed: RequestCredentials = {
    headers,
    ...(cert !== undefined && key !== undefined ? { cert, key } : {}),
  };
  return { get: async () => fixed };
}

/** Base64 text of the kubeconfig, else the content of the file that it names, else nothing. */
export async function inlineOrFile(
  data: string | undefined,
  file: string | undefined,
  what: string,
): Promise<string | undefined> {
  if (data !== undefined && data !== '') {
    const text = Buffer.from(data, 'base64').toString('utf8');
    if (!text.includes('-----BEGIN')) throw new KubeconfigError(`${what}-data: is not base64 of a PEM file`);
    return text;
  }
  return file === undefined || file === '' ? undefined : readPem(file, what);
}

async function readPem(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KubeconfigError(`${what}: ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Adds the headers of `as`, `as-uid`, `as-groups`, `as-user-extra` (impersonation) to other credentials. */
export function impersonating(user: UserEntry, inner: Credentials): Credentials {
  const headers: Record<string, string | string[]> = {};
  if (user.as !== undefined && user.as !== '') headers['Impersonate-User'] = user.as;
  if (user['as-uid'] !== undefined) headers['Impersonate-Uid'] = user['as-uid'];
  if (user['as-groups'] !== undefined) headers['Impersonate-Group'] = user['as-groups'];
  for (const [key, values] of Object.entries(user['as-user-extra'] ?? {})) {
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = values;
  }
  if (Object.keys(headers).length === 0) return inner;
  return {
    ...inner,
    get: async () => {
      const given = await inner.get();
      return { ...given, headers: { ...given.headers, ...headers } };
    },
  };
}
