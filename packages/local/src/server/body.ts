import type { IncomingMessage } from 'node:http';
import { ApiError } from '@pgherd/kube/objects';
import { parse as parseYaml } from 'yaml';
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
  if (type === 'application/vnd.kubernetes.protobuf') return { value: decodeKnown(body), duplicates: [] };
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json')) {
    throw unsupportedMediaType(objectMediaTypes);
  }
  const text = body.toString('utf8');
  try {
    return { value: JSON.parse(text) as unknown, duplicates: duplicateFields(text) };
  } catch (error) {
    throw badRequest(`the object provided is not valid JSON: ${messageOf(error)}`);
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
    try {
      return { value: JSON.parse(text) as unknown, duplicates: duplicateFields(text) };
    } catch {
      // A YAML flow mapping then.
    }
  }
  try {
    // YAML 1.1 scalars are what Kubernetes' own parser reads; aliases are limited by the library.
    const value: unknown = parseYaml(text, { version: '1.1', uniqueKeys: false });
    return { value, duplicates: [] };
  } catch (error) {
    throw badRequest(`error converting YAML to JSON: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
