/**
 * Checker of the PAM module `pam_oauth2`: arguments as in `arguments.ts`; user, a zero byte and token on its input.
 * Writes `ok`, or in one line why not. The module refuses whatever else happens here, so errors need no care but one:
 * no word of this program may hold the token.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync, readSync, writeSync } from 'node:fs';
import { ArgumentsError, parsePamArguments } from './arguments.ts';
import { askTokenInfo } from './token-info.ts';
import { judge, type Refusal } from './verdict.ts';

/** The module's own deadline is longer, so that it hears why. */
const timeoutMs = 10_000;
/** More than the module ever sends. */
const longestInput = 16 * 1024;

function readInput(): Buffer {
  const input = Buffer.alloc(longestInput);
  let size = 0;
  while (size < longestInput) {
    const read = readSync(0, input, size, longestInput - size, null);
    if (read === 0) break;
    size += read;
  }
  return input.subarray(0, size);
}

async function check(): Promise<Refusal> {
  const wanted = parsePamArguments(process.argv.slice(2));
  const input = readInput();
  const zero = input.indexOf(0);
  const user = input.subarray(0, Math.max(zero, 0));
  const token = input.subarray(zero + 1);
  if (user.length === 0 || token.length === 0) return 'user or token is missing';
  if (input.length === longestInput) return 'user or token is too long';
  if (!isUtf8(user)) return 'the user name is not UTF-8';
  let ca: Buffer;
  try {
    ca = readFileSync(wanted.caFile);
  } catch {
    return `cannot read ${wanted.caFile}`;
  }
  const info = await askTokenInfo(wanted.url, token, { ca, timeoutMs });
  if ('refusal' in info) return info.refusal;
  return judge(info.body, user.toString('utf8'), wanted, Date.now() / 1000);
}

/** The module takes no longer words. */
const say = (words: string): number => writeSync(1, words.slice(0, 200));

try {
  say((await check()) ?? 'ok');
} catch (error) {
  say(error instanceof ArgumentsError ? error.message : 'the checker failed');
}
