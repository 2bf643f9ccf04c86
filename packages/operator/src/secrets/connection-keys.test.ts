import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectionKeysOf } from './connection-keys.ts';

const target = { host: 'demo.ns.svc.cluster.local', username: 'foo_user', password: 'secret' };

test('what clients connect with', () => {
  expect(connectionKeysOf({ ...target, database: 'foo' })).toEqual({
    host: 'demo.ns.svc.cluster.local',
    port: '5432',
    dbname: 'foo',
    uri: 'postgresql://foo_user:secret@demo.ns.svc.cluster.local:5432/foo?sslmode=require',
    'jdbc-uri':
      'jdbc:postgresql://demo.ns.svc.cluster.local:5432/foo?user=foo_user&password=secret&sslmode=require',
  });
});

test('a role without a database of its own is led to the one that is always there', () => {
  const keys = connectionKeysOf(target);
  expect(keys).not.toHaveProperty('dbname');
  expect(keys.uri).toMatch(/:5432\/postgres\?/);
  expect(keys['jdbc-uri']).toMatch(/:5432\/postgres\?/);
});

test('through the pooler, too', () => {
  const keys = connectionKeysOf({ ...target, database: 'foo', poolerHost: 'demo-pooler.ns' });
  expect(keys['pooler-host']).toBe('demo-pooler.ns');
  expect(keys['pooler-uri']).toBe(keys.uri?.replace(target.host, 'demo-pooler.ns'));
  expect(keys['pooler-jdbc-uri']).toBe(keys['jdbc-uri']?.replace(target.host, 'demo-pooler.ns'));
});

test('a verifier instead of a password is in no URI', () => {
  const keys = connectionKeysOf({ ...target, password: `md5${'0'.repeat(32)}`, poolerHost: 'pooler' });
  expect(Object.keys(keys)).toEqual(['host', 'port', 'pooler-host']);
});

test('whatever is in a name or password is read back as it was (for any text)', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  // The reader of this test takes them for folders, however they are encoded; libpq does not.
  const database = text.filter((name) => name !== '.' && name !== '..');
  fc.assert(
    fc.property(text, text, database, (username, password, database) => {
      const keys = connectionKeysOf({ ...target, username, password, database });
      const read = new URL(keys.uri ?? '');
      expect([read.username, read.password, read.pathname.slice(1)].map(decodeURIComponent)).toEqual([
        username,
        password,
        database,
      ]);
      expect(read.host).toBe(`${target.host}:5432`);
      const jdbc = new URL((keys['jdbc-uri'] ?? '').slice('jdbc:'.length));
      expect(jdbc.searchParams.get('user')).toBe(username);
      expect(jdbc.searchParams.get('password')).toBe(password);
      expect(decodeURIComponent(jdbc.pathname.slice(1))).toBe(database);
    }),
  );
});
