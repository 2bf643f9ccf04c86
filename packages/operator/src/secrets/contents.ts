import type { Secret } from '@pgherd/kube/objects';

/** What the Secret of a role says, whoever wrote it. */
export interface SecretContents {
  /** Every key whose value is text. */
  text: ReadonlyMap<string, string>;
  /** Undefined when there is none. */
  username: string | undefined;
  /** Undefined when there is none, or none that PostgreSQL could have. */
  password: string | undefined;
}

/** Reads a Secret; whatever somebody put into it is no error. */
export function contentsOf(secret: Pick<Secret, 'data'>): SecretContents {
  const text = new Map<string, string>();
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    const decoded = decode(value);
    if (decoded !== undefined) text.set(key, decoded);
  }
  const fit = (value: string | undefined) =>
    value === undefined || value === '' || value.includes('\0') ? undefined : value;
  return { text, username: fit(text.get('username')), password: fit(text.get('password')) };
}

/** Undefined for what is no text in UTF-8. */
function decode(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    // A mark at the beginning is part of a password, too.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'base64'));
  } catch {
    return undefined;
  }
}

/** As the data of a Secret are written. */
export function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
