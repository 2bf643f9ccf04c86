import type { IncomingMessage } from 'node:http';
import { ApiError } from '@pgherd/kube/objects';
import { parse as parseYaml, type Tags } from 'yaml';
import { badRequest } from '../registry/errors.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { parseMediaType } from './media-type.ts';
import { decodeProtobuf, UnknownMessage } from './protobuf/decode.ts';

/** Bytes of a request's body at most; Kubernetes' own limit. */
const bodyLimit = 3 * 1024 * 1024;

/** @throws ApiError 413 for a body over the limit. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = (): ApiError =>
    new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimit}`);
  if (Number(request.headers['content-length'] ?? 0) > bodyLimit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export interface DecodedBody {
  value: unknown;
  /** Paths of fields that stand in the body twice; the last one counts. */
  duplicates: string[];
}

export const objectMediaTypes = ['application/json', 'application/yaml'];

/**
 * Parses a body as JSON (also when no Content-Type says so) or YAML.
 *
 * @throws ApiError 415 for other media types, 400 for what cannot be parsed.
 */
export function decodeBody(body: Buffer, contentType: string | undefined): DecodedBody {
  const { type } = parseMediaType(contentType ?? 'application/json');
  if (type === 'application/yaml' || type === 'application/apply-patch+yaml') return decodeYaml(body);
  if (type === 'application/vnd.kubernetes.protobuf') return decoded(decodeKnown(body));
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json')) {
    throw unsupportedMediaType(objectMediaTypes);
  }
  const text = body.toString('utf8');
  const value = orBadRequest('the object provided is not valid JSON', () => JSON.parse(text) as unknown);
  return decoded(value, text);
}

/** @param text the JSON that `value` was, to look for duplicate fields in. */
function decoded(value: unknown, text?: string): DecodedBody {
  checkTree(value);
  return { value, duplicates: text === undefined ? [] : duplicateFields(text) };
}

/** Levels of lists and objects within each other: more than any schema has, and few enough for every recursion. */
const depthLimit = 500;

/** What JSON cannot hold, or no code can go through, is no object. */
function checkTree(root: unknown): void {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthLimit) throw badRequest(`the object is nested more than ${depthLimit} levels deep`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'number' && !Number.isFinite(value)) {
        throw badRequest('a number of the object is out of range');
      }
      if (typeof value === 'object' && value !== null)
        for (const member of Object.values(value)) next.push(member);
    }
    level = next;
  }
}

/** kubectl sends some kinds as protobuf without asking; those are read, all others are refused as a whole. */
function decodeKnown(body: Buffer): unknown {
  try {
    return decodeProtobuf(body);
  } catch (error) {
    if (error instanceof UnknownMessage) throw unsupportedMediaType(objectMediaTypes);
    throw error;
  }
}

export function unsupportedMediaType(accepted: string[]): ApiError {
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

function decodeYaml(body: Buffer): DecodedBody {
  const text = body.toString('utf8');
  // JSON is YAML, and much faster to parse as what it is.
  if (text.trimStart().startsWith('{')) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // A YAML flow mapping then.
    }
    if (value !== undefined) return decoded(value, text);
  }
  // YAML 1.1 scalars are what Kubernetes' own parser reads; aliases are limited by the library.
  const options = { version: '1.1', uniqueKeys: false, logLevel: 'error', customTags: jsonTags } as const;
  return decoded(orBadRequest('error converting YAML to JSON', () => parseYaml(text, options) as unknown));
}

/** The tags of YAML 1.1 without those that JSON has no values for; binaries are the text that they encode. */
function jsonTags(tags: Tags): Tags {
  const prefix = 'tag:yaml.org,2002:';
  const left = tags.filter(
    (tag) =>
      typeof tag === 'object' &&
      !['timestamp', 'binary', 'set', 'omap', 'pairs'].includes(tag.tag.slice(prefix.length)) &&
      !('format' in tag && tag.format === 'TIME'),
  );
  const resolve = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
  return [...left, { tag: `${prefix}binary`, resolve }];
}

function orBadRequest<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw badRequest(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
