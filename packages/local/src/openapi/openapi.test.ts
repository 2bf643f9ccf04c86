import { expect, test } from 'vitest';
import type { PublishedKind } from './index.ts';
import { openApiSource } from './index.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const pods: PublishedKind = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  listKind: 'PodList',
  namespaced: true,
  verbs,
  subresources: ['status'],
};
const custom: PublishedKind = {
  ...pods,
  group: 'acid.zalan.do',
  plural: 'postgresqls',
  kind: 'postgresql',
  listKind: 'postgresqlList',
  custom: {
    schema: {
      type: 'object',
      properties: {
        metadata: { type: 'object' },
        spec: {
          type: 'object',
          required: ['teamId'],
          properties: { teamId: { type: 'string', nullable: true } },
        },
      },
    },
  },
};
interface Document {
  paths: Record<
    string,
    Record<string, { parameters: { name: string }[]; serverRelativeURL: string } & Record<string, unknown>>
  >;
  components: { schemas: Record<string, { properties: Record<string, unknown> }> };
  definitions: Record<string, { properties: Record<string, { properties: Record<string, unknown> }> }>;
}
const json = (body: Buffer | string | undefined): Document => JSON.parse(String(body)) as Document;

/** Every reference of a document leads somewhere. */
function dangling(document: unknown): string[] {
  const missing: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string') {
        const target = value
          .slice(2)
          .split('/')
          .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document);
        if (target === undefined) missing.push(value);
      } else walk(value);
    }
  };
  walk(document);
  return missing;
}

test('the index leads to a document for each group and version, by hash', () => {
  const source = openApiSource(() => [pods, custom], 'v1.30.1');
  const index = json(source('/openapi/v3', undefined)?.body);
  expect(Object.keys(index.paths)).toEqual(['api/v1', 'apis/acid.zalan.do/v1']);
  for (const entry of Object.values(index.paths)) {
    const url = (entry as unknown as { serverRelativeURL: string }).serverRelativeURL;
    expect(url).toMatch(/^\/openapi\/v3\/.*\?hash=[0-9A-F]{128}$/);
    const document = json(source(url, 'application/json')?.body);
    expect(dangling(document)).toEqual([]);
  }
  expect(source('/openapi/v3/apis/nope/v1', undefined)).toBeUndefined();
  expect(source('/openapi', undefined)).toBeUndefined();
});

test('PATCH tells dryRun, fieldManager, fieldValidation and force with its kind', () => {
  const source = openApiSource(() => [custom], 'v1.30.1');
  const v3 = json(source('/openapi/v3/apis/acid.zalan.do/v1', undefined)?.body);
  const v2 = json(source('/openapi/v2', undefined)?.body);
  for (const document of [v2, v3]) {
    const patch =
      document.paths['/apis/acid.zalan.do/v1/namespaces/{namespace}/postgresqls/{name}']?.['patch'];
    const names = patch?.parameters.map((p) => p.name).filter((name) => name !== 'body');
    expect(names).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    expect(patch?.['x-kubernetes-group-version-kind']).toEqual({
      group: 'acid.zalan.do',
      version: 'v1',
      kind: 'postgresql',
    });
  }
  expect(dangling(v2)).toEqual([]);
  expect(v2.definitions['do.zalan.acid.v1.postgresql']?.properties['spec']?.properties).toEqual({
    teamId: {},
  });
  expect(v3.components.schemas['do.zalan.acid.v1.postgresql']?.properties['metadata']).toHaveProperty('$ref');
});

test('documents follow the kinds, and are kept while these stay', () => {
  let kinds = [pods];
  const source = openApiSource(() => [...kinds], 'v1.30.1');
  const before = source('/openapi/v3', undefined);
  expect(source('/openapi/v3', undefined)).toBe(before);
  kinds = [pods, custom];
  expect(source('/openapi/v3', undefined)?.etag).not.toBe(before?.etag);
});

test('the protobuf document is sent to who asks for it', () => {
  const source = openApiSource(() => [pods, custom], 'v1.30.1');
  const type = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const document = source('/openapi/v2', type);
  // The answer names the type without the @, which is no character of media types.
  expect(document?.contentType).toBe(type.replace('@', '.'));
  const body = Buffer.from(document?.body ?? '');
  // Field 1 (swagger), length-delimited, "2.0".
  expect(body.subarray(0, 5)).toEqual(Buffer.from([0x0a, 3, 0x32, 0x2e, 0x30]));
  expect(body.includes('do.zalan.acid.v1.postgresql')).toBe(true);
});
