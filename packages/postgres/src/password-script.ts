import { randomBytes } from 'node:crypto';
import { silence } from './execute.ts';
import { isVerifier, saltLength, scramVerifier } from './scram.ts';
import { identifier, literal } from './sql.ts';

/**
 * A script for `psql` that gives an existing role this password; it holds for ever, because PostgreSQL answers the same where
 * one has run out (`VALID UNTIL`) and where it is wrong. What it contains proves the password without being it;
 * it is to be read from standard input all the same, and stays out of the server's log.
 */
export async function passwordScript(role: string, password: string): Promise<string> {
  const verifier = isVerifier(password) ? password : await scramVerifier(password, randomBytes(saltLength));
  const statement = `ALTER ROLE ${identifier(role)} PASSWORD ${literal(verifier)} VALID UNTIL 'infinity'`;
  // psql ends with it even where nobody closes its standard input.
  return `BEGIN;\n${silence};\n${statement};\nCOMMIT;\n\\q\n`;
}
