import { expect, test } from 'vitest';
import { kinds, type Kind } from '../kinds.ts';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { preview } from './preview.ts';

const statefulSet = { metadata: { namespace: 'default', name: 'acid-demo', uid: 'a' } };

/** Passwords that roles of a cluster are compared with, whose Secrets are not there, or cannot be seen. */
function passwords(unreadable: Kind[]): (string | null | undefined)[] {
  const { database } = preview({
    manifest: testManifest(),
    live: undefined,
    settings: { configuration: testConfiguration(), named: new Set() },
    source: { get: () => undefined, ofCluster: (kind) => (kind === kinds.statefulSet ? [statefulSet] : []) },
    unreadable,
    deleted: false,
    now: 0,
  });
  return [...new Set(database?.declared.roles.map(({ password }) => password))];
}

test('roles whose Secrets cannot be seen keep their passwords in a plan; those whose Secrets are made get new ones', () => {
  expect(passwords([])).toContain('to be made');
  expect(passwords([kinds.secret])).toEqual([undefined]);
});
