import type { Secret } from '@pgherd/kube/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentsOf, encode } from './contents.ts';
import { decideSecret, type RoleSecretInput, type RotationTerms } from './role-secret.ts';

const now = Date.parse('2026-11-21T16:00:00Z');
const inDays = (days: number) => new Date(now + days * 86_400_000).toISOString().replace('.000Z', 'Z');
const connection = { host: 'demo.ns.svc.cluster.local', database: 'foo' };
const connectionOf = (username: string, password: string) => ({
  host: connection.host,
  port: '5432',
  dbname: 'foo',
  uri: `postgresql://${username}:${password}@${connection.host}:5432/foo?sslmode=require`,
  'jdbc-uri': `jdbc:postgresql://${connection.host}:5432/foo?user=${username}&password=${password}&sslmode=require`,
});
const complete = { username: 'foo_user', password: 'old', ...connectionOf('foo_user', 'old') };

function secret(data: Record<string, string>, annotations: Record<string, string> = {}): Secret {
  const encoded = Object.entries(data).map(([key, text]) => [key, encode(text)]);
  return {
    metadata: { name: 'foo-user.demo', namespace: 'ns', annotations },
    data: Object.fromEntries(encoded) as Record<string, string>,
  };
}

const terms = (changes: Partial<RotationTerms> = {}): RotationTerms => ({
  style: 'new user',
  now,
  intervalDays: 90,
  retentionDays: 180,
  isTaken: () => false,
  areThere: () => true,
  ...changes,
});

const decide = (live: Secret | undefined, changes: Partial<RoleSecretInput> = {}) =>
  decideSecret({
    role: 'foo_user',
    live,
    isOurs: true,
    connection,
    rotation: undefined,
    newPassword: (purpose) => `new for ${purpose}`,
    ...changes,
  });

describe('a Secret', () => {
  test('that is missing is made with everything in it', () => {
    const { credentials, fresh, upcoming } = decide(undefined);
    const password = 'new for missing';
    expect(fresh).toEqual({
      username: 'foo_user',
      password,
      ...connectionOf('foo_user', 'new%20for%20missing'),
    });
    expect([credentials, upcoming]).toEqual([undefined, { username: 'foo_user', password }]);
  });

  test('with a given password is made with it', () => {
    expect(decide(undefined, { given: 'given' }).fresh?.['password']).toBe('given');
  });

  test('that is complete stays as it is', () => {
    expect(decide(secret(complete))).toEqual({ credentials: { username: 'foo_user', password: 'old' } });
  });

  test('that somebody made with a password only gets all else, and keeps it', () => {
    const { change, credentials } = decide(secret({ password: 'mine' }), { isOurs: false });
    expect(change?.data).toEqual({ username: 'foo_user', ...connectionOf('foo_user', 'mine') });
    // Only what the Secret says goes into the database.
    expect(credentials).toBeUndefined();
  });

  test('whose password somebody changed has its URIs follow', () => {
    const { change, credentials } = decide(secret({ ...complete, password: 'mine' }));
    const { uri, 'jdbc-uri': jdbc } = connectionOf('foo_user', 'mine');
    expect(change?.data).toEqual({ uri, 'jdbc-uri': jdbc });
    expect(credentials).toEqual({ username: 'foo_user', password: 'mine' });
  });

  test('loses what is not known any more', () => {
    const { change } = decide(secret(complete), { connection: { host: connection.host } });
    expect(change?.data).toMatchObject({ dbname: null });
  });

  test('of another operator is left alone, unless it is written to anyway or has any of the keys', () => {
    const bare = { username: 'foo_user', password: 'old' };
    expect(decide(secret(bare), { isOurs: false }).change).toBeUndefined();
    expect(decide(secret({ ...bare, uri: '' }), { isOurs: false }).change?.data).toMatchObject(
      connectionOf('foo_user', 'old'),
    );
    const rotated = decide(secret(bare), { isOurs: false, rotation: terms() });
    expect(rotated.change?.data).toEqual({
      nextRotation: inDays(90),
      ...connectionOf('foo_user', 'old'),
    });
  });

  test('what somebody else keeps in it stays', () => {
    const { change } = decide(secret({ password: '', note: 'mine', 'ca.crt': 'x' }));
    expect(Object.keys(change?.data ?? {})).not.toContain('note');
    expect(Object.keys(change?.data ?? {})).not.toContain('ca.crt');
  });
});

describe('what cannot be used gets a new password', () => {
  test.each([
    ['nothing in it', secret({})],
    ['no data at all', { metadata: {} }],
    ['an empty password', secret({ ...complete, password: '' })],
    ['a password with a zero byte', secret({ ...complete, password: 'a\0b' })],
    ['no text', { metadata: {}, data: { password: Buffer.from([0xff, 0xfe]).toString('base64') } }],
    ["another role's name", secret({ ...complete, username: 'bar' })],
    ['a name that differs only by a dash', secret({ ...complete, username: 'foo-user' })],
  ])('%s', (_, live) => {
    const { credentials, upcoming, change } = decide(live);
    const wanted = { username: 'foo_user', password: 'new for missing' };
    expect(credentials).toBeUndefined();
    expect(upcoming).toEqual(wanted);
    expect(change?.data).toMatchObject({ password: wanted.password });
    expect(change?.what).toBe('repair the Secret of foo_user');
    expect(JSON.stringify(change?.why)).not.toContain('new for missing');
  });

  test('the user of a rotation keeps its name, because clients may know it', () => {
    const { upcoming } = decide(secret({ username: 'foo_user261121', password: '' }));
    expect(upcoming?.username).toBe('foo_user261121');
  });

  test('a given password wins over whatever is there', () => {
    const { change, credentials } = decide(secret(complete), { given: 'given' });
    expect(change?.data).toMatchObject({ password: 'given' });
    expect(credentials).toBeUndefined();
    expect(
      decide(secret({ ...complete, ...connectionOf('foo_user', 'given'), password: 'given' }), {
        given: 'given',
      }),
    ).toEqual({ credentials: { username: 'foo_user', password: 'given' } });
  });
});

describe('rotation', () => {
  const dueNow = secret({ ...complete, nextRotation: inDays(0) });

  test('a new user with everything that clients read', () => {
    const { change, credentials } = decide(dueNow, { rotation: terms() });
    expect(change).toMatchObject({
      what: 'rotate the password of foo_user',
      isRotation: true,
      data: {
        username: 'foo_user261121',
        password: 'new for rotation',
        nextRotation: inDays(90),
        uri: connectionOf('foo_user261121', 'new%20for%20rotation').uri,
      },
    });
    expect(JSON.stringify(change?.why)).not.toContain('new for');
    // Until the Secret says otherwise, the old ones hold.
    expect(credentials).toEqual({ username: 'foo_user', password: 'old' });
  });

  test('in place', () => {
    const { change, keptSince } = decide(dueNow, { rotation: terms({ style: 'in place' }) });
    expect(change?.data).not.toHaveProperty('username');
    expect(change?.data).toMatchObject({ password: 'new for rotation', nextRotation: inDays(90) });
    expect(keptSince).toBeUndefined();
  });

  test('not for roles that are not in the database', () => {
    const asked: string[][] = [];
    const areThere = (users: string[]) => {
      asked.push(users);
      return false;
    };
    expect(decide(dueNow, { rotation: terms({ areThere }) }).change).toBeUndefined();
    const dated = secret({ ...complete, username: 'foo_user260823', nextRotation: inDays(0) });
    decide(dated, { rotation: terms({ areThere }) });
    expect(asked).toEqual([
      ['foo_user', 'foo_user'],
      ['foo_user', 'foo_user260823'],
    ]);
  });

  test('not to a name that is taken', () => {
    const isTaken = (user: string) => user === 'foo_user261121';
    expect(decide(dueNow, { rotation: terms({ isTaken }) }).change).toBeUndefined();
  });

  test('a Secret that rotation leaves alone stays, whatever it says', () => {
    const dated = secret({
      ...complete,
      ...connectionOf('foo_user260823', 'old'),
      username: 'foo_user260823',
      nextRotation: '2020-01-01T00:00:00Z',
    });
    expect(decide(dated, { rotation: undefined })).toEqual({
      credentials: { username: 'foo_user260823', password: 'old' },
      hadUsers: true,
    });
  });

  test('switched off: back to the role, and old users go later', () => {
    const dated = secret({ ...complete, username: 'foo_user261121', nextRotation: inDays(10) });
    const { change, keptSince } = decide(dated, { rotation: terms({ style: undefined }) });
    expect(change?.data).toMatchObject({
      username: 'foo_user',
      password: 'new for rotation',
      nextRotation: '',
    });
    expect(keptSince).toBe('260525');
    const after = decide(secret({ ...complete, nextRotation: '' }), {
      rotation: terms({ style: undefined }),
    });
    expect(after).toEqual({ credentials: { username: 'foo_user', password: 'old' }, keptSince: '260525' });
  });

  test('old users are only looked for where a Secret has named one', () => {
    const keptFor = (live: Secret, style: RotationTerms['style']) =>
      decide(live, { rotation: terms({ style }) }).keptSince;
    const once = { 'pgherd.dev/rotated-users': 'true' };
    expect(keptFor(secret(complete), undefined)).toBeUndefined();
    expect(keptFor(dueNow, 'in place')).toBeUndefined();
    expect(keptFor(secret(complete, once), 'in place')).toBe('260525');
    expect(keptFor(secret(complete), 'new user')).toBe('260525');
    const dated = secret({ ...complete, username: 'foo_user261121', nextRotation: inDays(9) });
    for (const live of [dated, secret(complete, once)])
      expect(decide(live, { rotation: undefined }).hadUsers).toBe(true);
    expect(decide(dueNow, { rotation: terms() }).hadUsers).toBeUndefined();
  });

  test('it tells when it is due', () => {
    const live = secret({ ...complete, nextRotation: inDays(3) });
    expect(decide(live, { rotation: terms() }).nextRotationAt).toBe(now + 3 * 86_400_000);
    expect(decide(live, { rotation: terms({ style: undefined }) }).nextRotationAt).toBeUndefined();
    expect(decide(undefined, { rotation: terms() }).fresh?.['nextRotation']).toBe(inDays(90));
  });
});

test('whatever is in a Secret, one change settles it, and never an empty password holds (for any contents)', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'foo_user', 'foo_user261121'));
  const keys = fc.constantFrom('username', 'password', 'nextRotation', 'uri', 'dbname', 'other');
  const styles = fc.constantFrom('new user' as const, 'in place' as const, undefined);
  fc.assert(
    fc.property(fc.dictionary(keys, text), styles, fc.boolean(), (data, style, isOurs) => {
      const rotation = terms({ style });
      let live = secret(data);
      const first = decide(live, { rotation, isOurs });
      expect(first.credentials?.password).not.toBe('');
      for (let pass = 0; pass < 2; pass += 1) {
        const { change } = decide(live, { rotation, isOurs: true });
        const merged = { ...live.data };
        for (const [key, value] of Object.entries(change?.data ?? {})) {
          if (value === null) delete merged[key];
          else merged[key] = encode(value);
        }
        live = { ...live, data: merged };
      }
      const settled = decide(live, { rotation, isOurs: true });
      expect(settled.change).toBeUndefined();
      expect(settled.credentials).toBeDefined();
      expect(contentsOf(live).text.get('uri')).toContain(
        encodeURIComponent(settled.credentials?.username ?? ''),
      );
    }),
  );
});

describe('the Secret of a role that Patroni logs in as', () => {
  const decideSystem = (data: Record<string, string>) =>
    decide(secret(data), { role: 'postgres', keepsName: true, rotation: terms({ style: 'in place' }) });

  test('cannot name a user of a rotation, which nobody has made: the operator would lock itself out', () => {
    const { credentials, upcoming, change } = decideSystem({ username: 'postgres261121', password: 'old' });
    expect(credentials).toBeUndefined();
    expect(upcoming).toEqual({ username: 'postgres', password: 'new for missing' });
    expect(change?.data).toMatchObject({ username: 'postgres' });
  });

  test.each([
    'md5d41d8cd98f00b204e9800998ecf8427e',
    `SCRAM-SHA-256$4096:c2FsdA==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`,
  ])('cannot have %s for a password: nobody can log in with a verifier', (password) => {
    const { credentials, upcoming } = decideSystem({ username: 'postgres', password });
    expect([credentials, upcoming?.password]).toEqual([undefined, 'new for missing']);
  });
});
