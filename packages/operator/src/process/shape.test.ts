import { defaultConfiguration, type Configuration } from '@pgherd/api';
import { expect, test } from 'vitest';
import { leaseName } from './lease-name.ts';
import { watchedNamespaces } from './namespaces.ts';
import { isSameShape, shapeOf } from './shape.ts';

test('namespaces: one, several, all, or the own one', () => {
  expect(watchedNamespaces('', 'own')).toEqual(['own']);
  expect(watchedNamespaces('a', 'own')).toEqual(['a']);
  expect(watchedNamespaces('b, a ,b,', 'own')).toEqual(['a', 'b']);
  expect(watchedNamespaces('*', 'own')).toBe('*');
});

test('what watches are made from is a shape; what is read at each pass is none', () => {
  const shape = (changes: Partial<Configuration>) =>
    shapeOf({ ...defaultConfiguration(), ...changes }, 'own');
  const same = (changes: Partial<Configuration>) => isSameShape(shape({}), shape(changes));
  expect(same({ watched_namespace: 'own', min_instances: 3, resync_period: 1 })).toBe(true);
  // Nobody is asked, so nobody needs the token.
  expect(same({ oauth_token_secret_name: { name: 'other' } })).toBe(true);
  for (const changes of [
    { watched_namespace: '*' },
    { workers: 1 },
    { cluster_name_label: 'cluster' },
    { cluster_labels: { application: 'pg' } },
    { pod_service_account_name: 'other' },
    { enable_postgres_team_crd: true },
    { infrastructure_roles_secret_name: { name: 'roles' } },
    { infrastructure_roles_secrets: [{ secretname: { name: 'roles' }, userkey: 'user' }] },
    { protected_role_names: ['admin', 'robot'] },
    { teams_api_url: 'https://teams.example.org' },
  ])
    expect(same(changes), JSON.stringify(changes)).toBe(false);
});

test('operators with different ids have different leases', () => {
  const ids = ['', 'second', 'Second', 'se.cond', '---', 'x'.repeat(300), `${'x'.repeat(300)}y`];
  const names = ids.map(leaseName);
  expect(names.slice(0, 2)).toEqual(['pgherd-operator', 'pgherd-operator-second']);
  expect(new Set(names).size).toBe(ids.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
});
