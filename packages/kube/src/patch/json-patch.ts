import type { Operation } from 'rfc6902';
import { applyPatch, Pointer } from 'rfc6902';
import { ApiError } from '../objects/api-error.ts';
import { isObject } from '../schema/schema.ts';

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/** Kubernetes' bound on the length of one patch. */
const maxOperations = 10_000;

/** And on what its copies add together, in bytes: each could double the object. */
const maxCopied = 3 * 1024 * 1024;

/**
 * Applies an RFC 6902 patch to a copy of `live`: all of it or nothing.
 * Errors as Kubernetes answers them: 400 for what is not a patch, 422 when an operation fails (`test` too).
 */
export function jsonPatch(live: unknown, body: unknown): unknown {
  const patch = decode(body);
  const target = { root: structuredClone(live) };
  const rooted = patch.map(underRoot);
  let copied = 0;
  for (const operation of rooted) {
    const problem = indexProblem(target, operation);
    if (problem !== undefined) throw failed(problem);
    if (operation.op === 'copy') {
      copied += JSON.stringify(Pointer.fromJSON(operation.from).get(target)).length;
      if (copied > maxCopied) {
        throw failed(`Unable to complete the copy, the accumulated size increase is over ${maxCopied} bytes`);
      }
    }
    const [error] = applyPatch(target, [operation]);
    if (error) throw failed(describe(error, operation));
  }
  return target.root;
}

/** The library does not replace a whole document, so the document becomes a member of another. */
function underRoot(operation: Operation): Operation {
  const moved = { ...operation, path: `/root${operation.path}` };
  return 'from' in moved ? { ...moved, from: `/root${moved.from}` } : moved;
}

function decode(body: unknown): Operation[] {
  const bad = (why: string): ApiError =>
    new ApiError(400, 'BadRequest', `error decoding patch: a JSON patch ${why}`);
  if (!Array.isArray(body)) throw bad('must be a list of operations');
  if (body.length > maxOperations) {
    throw new ApiError(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${body.length}`,
    );
  }
  return body.map((operation: unknown, index) => {
    if (!isObject(operation)) throw bad(`has an operation [${index}] that is not an object`);
    const { op, path, from } = operation;
    if (typeof op !== 'string' || !operations.has(op))
      throw bad(`has an operation [${index}] with unknown op ${JSON.stringify(op)}`);
    for (const [name, pointer] of [
      ['path', path],
      ...(op === 'move' || op === 'copy' ? [['from', from]] : []),
    ]) {
      if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/')))
        throw bad(`has an operation [${index}] whose ${String(name)} is not a JSON pointer`);
      if (/(^|\/)__proto__(\/|$)/.test(pointer))
        throw bad(`has an operation [${index}] whose ${String(name)} has the member __proto__`);
    }
    if (['add', 'replace', 'test'].includes(op) && !('value' in operation))
      throw bad(`has an operation [${index}] (${op}) without value`);
    return structuredClone(operation) as unknown as Operation;
  });
}

/** List indices that the library would take without complaint: not a number, or beyond the end. */
function indexProblem(target: object, operation: Operation): string | undefined {
  const pointers: [string, boolean][] = [[operation.path, ['add', 'move', 'copy'].includes(operation.op)]];
  if ('from' in operation) pointers.push([operation.from, false]);
  for (const [pointer, inserts] of pointers) {
    const tokens = pointer.split('/').slice(1).map(unescape);
    let value: unknown = target;
    for (const [position, token] of tokens.entries()) {
      const last = position === tokens.length - 1;
      if (Array.isArray(value)) {
        if (last && inserts && token === '-') break;
        const index = /^(0|[1-9]\d*)$/.test(token) ? Number(token) : Number.NaN;
        const end = last && inserts ? value.length : value.length - 1;
        if (Number.isNaN(index) || index > end)
          return `${operation.op} operation does not apply: doc is missing key: ${shown(pointer)}: index ${token} is out of bounds`;
        value = value[index];
      } else if (isObject(value) && Object.hasOwn(value, token)) value = value[token];
      else if (last && inserts && isObject(value)) break;
      else
        return `${operation.op} operation does not apply: doc is missing path: ${shown(pointer)}: missing value`;
    }
  }
  return undefined;
}

function unescape(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

const shown = (pointer: string): string => pointer.replace(/^\/root/, '');

function describe(error: Error, operation: Operation): string {
  if (error.name === 'TestError') return `testing value ${shown(operation.path)} failed`;
  return `${operation.op} operation does not apply: ${shown(operation.path)}: ${error.message}`;
}

function failed(message: string): ApiError {
  return new ApiError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${message}`,
  );
}
