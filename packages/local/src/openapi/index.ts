import { createHash } from 'node:crypto';
import { encodeV2 } from './gnostic.ts';
import type { PublishedKind } from './kinds.ts';
import { groupVersion } from './kinds.ts';
import { documentV2 } from './v2.ts';
import { documentV3 } from './v3.ts';

export type { PublishedKind } from './kinds.ts';

export interface OpenApiDocument {
  contentType: string;
  body: Buffer | string;
  /** Changes with the content. */
  etag: string;
}

const v2Protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const hashOf = (body: Buffer | string): string =>
  createHash('sha512').update(body).digest('hex').toUpperCase();

/**
 * Answers `/openapi/v2`, `/openapi/v3` and `/openapi/v3/GROUP/VERSION` (a query is ignored); undefined for other
 * paths. Documents are made when asked for and kept as long as `kinds` returns the same list object.
 * `version` is the version of Kubernetes that discovery tells.
 */
export function openApiSource(
  kinds: () => readonly PublishedKind[],
  version: string,
): (path: string, accept: string | undefined) => OpenApiDocument | undefined {
  let known: readonly PublishedKind[] | undefined;
  const made = new Map<string, OpenApiDocument>();
  return (path, accept) => {
    const current = kinds();
    // Content decides: a registry may hand out a new list of the same kinds each time.
    if (current !== known && !sameKinds(current, known)) made.clear();
    known = current;
    const keep = (key: string, contentType: string, make: () => Buffer | string): OpenApiDocument => {
      let document = made.get(key);
      if (!document) {
        const body = make();
        made.set(key, (document = { contentType, body, etag: `"${hashOf(body)}"` }));
      }
      return document;
    };
    const [bare = ''] = path.split('?');
    if (bare === '/openapi/v2') {
      if (accept?.includes('proto-openapi.spec.v2'))
        return keep('v2.pb', v2Protobuf, () => encodeV2(documentV2(current, version)));
      return keep('v2.json', 'application/json', () => JSON.stringify(documentV2(current, version)));
    }
    const byVersion = Map.groupBy(
      current,
      (kind) => `${kind.group === '' ? 'api' : 'apis'}/${groupVersion(kind)}`,
    );
    const part = (name: string, members: readonly PublishedKind[]): OpenApiDocument =>
      keep(`v3/${name}`, 'application/json', () => JSON.stringify(documentV3(members, version)));
    if (bare === '/openapi/v3' || bare === '/openapi/v3/') {
      return keep('v3', 'application/json', () => {
        const paths = [...byVersion].map(([name, members]) => {
          const hash = part(name, members).etag.slice(1, -1);
          return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }];
        });
        return JSON.stringify({ paths: Object.fromEntries(paths) as unknown });
      });
    }
    const name = bare.replace(/^\/openapi\/v3\//, '');
    const members = name === bare ? undefined : byVersion.get(name);
    return members && part(name, members);
  };
}

function sameKinds(a: readonly PublishedKind[], b: readonly PublishedKind[] | undefined): boolean {
  return (
    b !== undefined && a.length === b.length && a.every((kind, i) => kind === b[i] || equalKind(kind, b[i]))
  );
}

function equalKind(a: PublishedKind, b: PublishedKind | undefined): boolean {
  return (
    b !== undefined &&
    a.plural === b.plural &&
    a.kind === b.kind &&
    groupVersion(a) === groupVersion(b) &&
    a.custom?.schema === b.custom?.schema &&
    a.verbs.join() === b.verbs.join() &&
    a.subresources.join() === b.subresources.join()
  );
}
