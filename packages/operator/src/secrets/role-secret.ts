import type { Secret } from '@pgherd/kube/objects';
import { isVerifier } from '@pgherd/postgres';
import { rotatedUsersAnnotation } from '../names.ts';
import type { Credentials } from '../render/input.ts';
import { connectionKeys, connectionKeysOf, type ConnectionTarget } from './connection-keys.ts';
import { contentsOf, type SecretContents } from './contents.ts';
import {
  dueRotation,
  isDatedUser,
  keptSince,
  rotationAfter,
  timeOf,
  type Rotation,
  type RotationStyle,
} from './rotation.ts';

/** A role with a password, and what there is of its Secret. */
export interface RoleSecretInput {
  role: string;
  /** The Secret as it is; undefined when there is none. */
  live: Secret | undefined;
  /** Patroni and the operator log in as this role: by its name, and with the password itself. */
  keepsName?: boolean;
  /** Whether pgherd has written to it before. */
  isOurs: boolean;
  /** Password that is given from outside; missing: one is generated when it is needed. */
  given?: string;
  connection: Omit<ConnectionTarget, 'username' | 'password'>;
  /** Undefined: rotation leaves the Secret as it is, e.g. in a standby cluster. */
  rotation: RotationTerms | undefined;
  /** A password for a Secret that has none; for `rotation` one that nobody has known before. */
  newPassword: (purpose: 'missing' | 'rotation') => string;
}

/** By what the password of a role is rotated. */
export interface RotationTerms {
  /** Undefined: it is not rotated, and a user of an earlier rotation is given up. */
  style: RotationStyle | undefined;
  /** Milliseconds since 1970. */
  now: number;
  intervalDays: number;
  /** How long users of earlier rotations are kept, in days. */
  retentionDays: number;
  /** What another password costs, for people. */
  consequence?: string;
  /** Whether there is another role of this name. */
  isTaken: (user: string) => boolean;
  /** Whether all of these users are in the database, and other passwords would get there now. */
  areThere: (users: string[]) => boolean;
}

/** What becomes of the Secret of a role. */
export interface RoleSecret {
  /** What the database should know: as the Secret says. Undefined while it does not say it. */
  credentials: Credentials | undefined;
  /** What it will say then, of a Secret that is made or repaired now. */
  upcoming?: Credentials;
  /** All keys of a Secret that does not exist yet, in clear text. */
  fresh?: Record<string, string>;
  change?: SecretChange;
  /** When the next rotation is due, in milliseconds since 1970. */
  nextRotationAt?: number;
  /** Date `YYMMDD` before which users of earlier rotations are dropped; absent: there are none. */
  keptSince?: string;
  /** It names a user of a rotation, or once did, and says so in an annotation. */
  hadUsers?: true;
}

/** Keys of an existing Secret that change, and why. */
export interface SecretChange {
  /** e.g. `rotate the password of foo_user`. */
  what: string;
  why: string[];
  /** In clear text; null for what goes. */
  data: Record<string, string | null>;
  /** Whether the role gets another password. */
  isRotation: boolean;
}

/** Decides about one Secret. What it says wins, unless it cannot be used or a rotation is due. Pure. */
export function decideSecret(input: RoleSecretInput): RoleSecret {
  const { role, live, given, newPassword } = input;
  if (live === undefined) {
    const credentials = { username: role, password: given ?? newPassword('missing') };
    const nextRotation = firstRotation(input.rotation);
    const fresh = { ...credentials, ...nextRotation, ...connectionOf(input, credentials) };
    return { credentials: undefined, upcoming: credentials, fresh };
  }
  const contents = contentsOf(live);
  const repair = repairOf(input, contents);
  if (repair !== undefined) {
    const { what, why, credentials } = repair;
    const change = changeOf(input, contents, credentials, what, [why]);
    return { credentials: undefined, upcoming: credentials, ...(change === undefined ? {} : { change }) };
  }
  const credentials = { username: contents.username ?? role, password: contents.password ?? '' };
  const next = timeOf(contents.text.get('nextRotation'));
  const isRotated = input.rotation?.style !== undefined;
  const when = {
    ...(isRotated && next !== undefined ? { nextRotationAt: next } : {}),
    ...retention(input, credentials.username, contents),
  };
  const rotation = rotationOf(input, credentials.username, contents);
  if (rotation !== undefined) {
    const { username, nextRotation, newPassword: isRotation, why } = rotation;
    const password = isRotation ? newPassword('rotation') : credentials.password;
    const what = isRotation
      ? `rotate the password of ${role}`
      : `plan when to rotate the password of ${role}`;
    const rotated = { username, password };
    const { consequence } = input.rotation ?? {};
    const reasons = isRotation && consequence !== undefined ? [why, consequence] : [why];
    const change = changeOf(input, contents, rotated, what, reasons, { nextRotation }, isRotation);
    return {
      credentials,
      ...(change === undefined ? {} : { change }),
      ...when,
    };
  }
  const isExtended = input.isOurs || connectionKeys.some((key) => contents.text.has(key));
  const change = isExtended
    ? changeOf(input, contents, credentials, `update the Secret of ${role}`, [])
    : undefined;
  return { credentials, ...(change === undefined ? {} : { change }), ...when };
}

function firstRotation(terms: RotationTerms | undefined): { nextRotation?: string } {
  if (terms?.style === undefined) return {};
  return { nextRotation: rotationAfter(terms.now, terms.intervalDays) };
}

/** What the Secret should say instead of what it says; undefined when that can be used. */
function repairOf(
  { role, given, newPassword, keepsName = false }: RoleSecretInput,
  { username, password }: SecretContents,
): { what: string; why: string; credentials: Credentials } | undefined {
  const what = `repair the Secret of ${role}`;
  const isOurs = username === undefined || username === role || (!keepsName && isDatedUser(role, username));
  if (given !== undefined && (password !== given || username !== role)) {
    const why = 'its password is given from outside, and is another one';
    return { what: `update the password of ${role}`, why, credentials: { username: role, password: given } };
  }
  if (!isOurs) {
    const why = `it is for ${JSON.stringify(username)}, and its name is that of ${role}: it gets a new password`;
    return { what, why, credentials: { username: role, password: newPassword('missing') } };
  }
  if (password === undefined || (keepsName && isVerifier(password))) {
    const why = 'it has no password that can be used: it gets a new one';
    return { what, why, credentials: { username: username ?? role, password: newPassword('missing') } };
  }
  if (username === undefined)
    return { what, why: 'it names no user', credentials: { username: role, password } };
  return undefined;
}

/** A rotation that can be carried through now. */
function rotationOf(
  { role, rotation: terms }: RoleSecretInput,
  username: string,
  { text }: SecretContents,
): Rotation | undefined {
  if (terms === undefined) return undefined;
  const { style, now, intervalDays, areThere, isTaken } = terms;
  const nextRotation = text.get('nextRotation');
  const due = dueRotation({ role, style, username, nextRotation, now, intervalDays });
  if (due?.newPassword !== true) return due;
  if (due.username !== role && isTaken(due.username)) return undefined;
  // A password that does not get into the database would lock out whoever reads the Secret.
  return areThere([role, username]) ? due : undefined;
}

/** Nothing for a Secret that never named a user of a rotation: somebody may have made a role with such a name by hand. */
function retention(
  { role, rotation: terms, live }: RoleSecretInput,
  username: string,
  { text }: SecretContents,
): Pick<RoleSecret, 'keptSince' | 'hadUsers'> {
  const isMarked = live?.metadata.annotations?.[rotatedUsersAnnotation] !== undefined;
  const mark = isMarked || username !== role ? ({ hadUsers: true } as const) : {};
  if (terms === undefined) return mark;
  const { style, now, retentionDays, intervalDays } = terms;
  const hasUsers =
    style === 'new user' ||
    username !== role ||
    // Zalando's operator leaves it empty when rotation is switched off.
    text.get('nextRotation') === '' ||
    isMarked;
  return hasUsers ? { ...mark, keptSince: keptSince(now, retentionDays, intervalDays) } : mark;
}

/** Undefined when the Secret says all of that already. */
function changeOf(
  input: RoleSecretInput,
  { text }: SecretContents,
  credentials: Credentials,
  what: string,
  why: string[],
  more: Record<string, string> = {},
  isRotation = false,
): SecretChange | undefined {
  const wanted: Record<string, string> = { ...credentials, ...more, ...connectionOf(input, credentials) };
  const data: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(wanted)) if (text.get(key) !== value) data[key] = value;
  for (const key of connectionKeys) if (text.has(key) && wanted[key] === undefined) data[key] = null;
  if (Object.keys(data).length === 0) return undefined;
  const added = Object.keys(data).filter((key) => data[key] !== null && !text.has(key));
  const changed = Object.keys(data).filter((key) => data[key] !== null && text.has(key));
  const removed = Object.keys(data).filter((key) => data[key] === null);
  const keys = Object.entries({ added, changed, removed })
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word}: ${names.join(', ')}`);
  return { what, why: [...why, ...keys], data, isRotation };
}

function connectionOf({ connection }: RoleSecretInput, credentials: Credentials): Record<string, string> {
  return connectionKeysOf({ ...connection, ...credentials });
}
