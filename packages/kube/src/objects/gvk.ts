import type { GroupVersionKind } from './object.ts';

/** Group and version of an `apiVersion`; throws an Error for more than one slash or an empty part. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const parts = apiVersion.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2 || first === '' || second === '')
    throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
  return second === undefined ? { group: '', version: first } : { group: first, version: second };
}

/** What an object says of itself. Throws like `parseApiVersion`. */
export function gvkOf(object: { apiVersion?: string; kind?: string }): GroupVersionKind {
  return { ...parseApiVersion(object.apiVersion ?? ''), kind: object.kind ?? '' };
}
