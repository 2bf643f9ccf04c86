import type { Configuration } from '@pgherd/api';
import { attributesOf } from '@pgherd/postgres';

/** PostgreSQL cuts longer names off. */
const nameBytes = 63;

/** Without a way to log in there is no use for a password. */
export function mayLogIn(flags: readonly string[]): boolean {
  return !flags.some((flag) => flag.toLowerCase() === 'nologin');
}

/** Why PostgreSQL can have no role of this name, and what to do; undefined when it can. */
export function refusedName(name: string): string | undefined {
  if (name === '') return 'a role must have a name.';
  const bytes = Buffer.byteLength(name);
  if (bytes > nameBytes)
    return `the name of the role \`${name}\` has ${bytes} bytes, and PostgreSQL allows ${nameBytes}; choose a shorter one.`;
  if (name.includes('\0')) return 'the name of a role cannot contain a zero byte; choose another one.';
  if (name.startsWith('pg_') || name === 'public' || name === 'none')
    return `PostgreSQL reserves the name \`${name}\`; choose another one.`;
  return undefined;
}

/** Why these attributes are refused; undefined when they are fine. */
export function refusedFlags(flags: readonly string[]): string | undefined {
  try {
    attributesOf(flags);
    return undefined;
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}; use attributes of PostgreSQL such as \`createdb\`.`;
  }
}

/** Why nobody may define a role of this name by hand; undefined when they may. */
export function reservedFor(name: string, configuration: Configuration): string | undefined {
  if (configuration.protected_role_names.includes(name))
    return `the role \`${name}\` is protected by \`protected_role_names\`; the entry is ignored, remove it.`;
  if (name === configuration.super_username || name === configuration.replication_username)
    return `\`${name}\` is a system role; the entry is ignored, remove it.`;
  return undefined;
}

/** Whether a Secret can have this name. */
export function isSecretName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}
