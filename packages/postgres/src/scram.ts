import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from './saslprep.ts';

const derive = promisify(pbkdf2);

/** What PostgreSQL itself takes when it makes a verifier. */
export const defaultIterations = 4096;
export const saltLength = 16;

/** A role can store any verifier of its own; one that would take us minutes to check is taken as another password's. */
const mostIterations = 1_000_000;

/** A SCRAM-SHA-256 verifier, taken apart. It proves a password without containing it. */
interface Verifier {
  iterations: number;
  salt: Buffer;
  storedKey: Buffer;
  serverKey: Buffer;
}

const verifierPattern =
  /^SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$/;

function parseVerifier(text: string): Verifier | undefined {
  const match = verifierPattern.exec(text);
  if (!match) return undefined;
  const [, iterations = '', salt = '', storedKey = '', serverKey = ''] = match;
  return {
    iterations: Number(iterations),
    salt: Buffer.from(salt, 'base64'),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  };
}

/** Whether `text` is stored by PostgreSQL as it is, instead of being hashed. */
export function isVerifier(text: string): boolean {
  return parseVerifier(text) !== undefined || /^md5[0-9a-f]{32}$/.test(text);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/**
 * The verifier that PostgreSQL stores for `password` (`pg_authid.rolpassword`), made here so that the password itself
 * never reaches the server. `salt` should be 16 random bytes. Runs in a thread of its own, some milliseconds.
 */
export async function scramVerifier(
  password: string,
  salt: Buffer,
  iterations = defaultIterations,
): Promise<string> {
  const salted = await derive(saslprep(password), salt, iterations, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Whether the verifier `stored` for `role` is one of `password`. A declared password may itself be a verifier; then
 * the two are compared as they are.
 */
export async function passwordMatches(
  role: string,
  password: string,
  stored: string | null,
): Promise<boolean> {
  if (stored === null) return false;
  if (isVerifier(password)) return equal(password, stored);
  if (stored.startsWith('md5'))
    return equal(
      `md5${createHash('md5')
        .update(password + role)
        .digest('hex')}`,
      stored,
    );
  const parts = parseVerifier(stored);
  if (!parts || parts.iterations < 1 || parts.iterations > mostIterations) return false;
  return equal(await scramVerifier(password, parts.salt, parts.iterations), stored);
}
