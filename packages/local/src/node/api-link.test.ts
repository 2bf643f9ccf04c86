import { configMaps } from '@pgherd/kube/objects';
import type { ConfigMap, WatchEvent } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry, type LocalRegistry } from '../registry/open-registry.ts';
import { ApiLink, LinkDownError } from './api-link.ts';

let server: LocalRegistry;
let link: ApiLink;

beforeEach(() => {
  server = openRegistry({ path: ':memory:' });
  link = new ApiLink(server, 'n');
  put('known', 'old');
});
afterEach(() => server.close());

const put = (name: string, value: string): void => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } };
  const exists = server
    .list(configMaps, { namespace: 'default' })
    .items.some((each) => each.metadata.name === name);
  if (exists) server.update(configMaps, 'default', name, object);
  else server.create(configMaps, 'default', object);
};
const value = (name: string): string | undefined =>
  (link.registry.get(configMaps, 'default', name) as ConfigMap).data?.['value'];

test('cut off, reads answer what was read last, writes fail, and what was never read is unknown', () => {
  expect(value('known')).toBe('old');
  put('unread', 'x');
  link.cut();
  put('known', 'new');
  expect(value('known')).toBe('old');
  expect(() => value('unread')).toThrow(LinkDownError);
  expect(() => link.registry.delete(configMaps, 'default', 'known')).toThrow(LinkDownError);
  expect(server.get(configMaps, 'default', 'known')).toBeDefined();
  link.heal();
  expect([value('known'), value('unread')]).toEqual(['new', 'x']);
});

test('what is not there is not remembered as it was before', () => {
  expect(value('known')).toBe('old');
  server.delete(configMaps, 'default', 'known');
  expect(() => value('known')).toThrow('not found');
  link.cut();
  expect(() => value('known')).toThrow(LinkDownError);
});

test('cut off, a watch is silent, and ends with the cut so that all is listed anew', async () => {
  const seen: string[] = [];
  const listen = ({ type, object }: WatchEvent): void =>
    void seen.push(`${type} ${object.metadata.name ?? ''}`);
  const { resourceVersion } = link.registry.list(configMaps);
  const watch = link.registry.watch(configMaps, { resourceVersion }, listen);
  put('a', '1');
  await expect.poll(() => seen).toEqual(['ADDED a']);
  link.cut();
  put('b', '2');
  await new Promise((resolve) => setImmediate(resolve));
  link.heal();
  link.heal();
  expect(seen).toEqual(['ADDED a', 'ERROR ']);
  watch.close();
  link.cut();
  link.heal();
  expect(seen).toHaveLength(2);
});

test('tokens come from the API server', () => {
  const issuer = link.tokens({ issue: () => ({ token: 't', expirationTimestamp: '' }) });
  const ask = (): string =>
    issuer.issue({ namespace: 'default', serviceAccount: 'default', expirationSeconds: 600 }).token;
  expect(ask()).toBe('t');
  link.cut();
  expect(ask).toThrow(LinkDownError);
});
