import { defaultConfiguration, type Configuration, type ConfigurationKey } from '@pgherd/api';
import type { AccessQuestion, Client } from '@pgherd/kube/client';
import { expect, test } from 'vitest';
import { findReachable } from './reachable.ts';
import { missingRights, rightsFor, type Duties } from './rights.ts';

function duties(changes: Partial<Configuration>, more: Partial<Duties> = {}): Duties {
  return {
    configuration: { ...defaultConfiguration(), ...changes },
    named: new Set(Object.keys(changes) as ConfigurationKey[]),
    own: 'here',
    origin: { type: 'defaults' },
    ...more,
  };
}

/** An API server that refuses some; it notes what it was asked. */
function asked(isRefused: (question: AccessQuestion) => boolean = () => false) {
  const questions: AccessQuestion[] = [];
  const client: Pick<Client, 'canI' | 'find'> = {
    canI: async (question) => {
      questions.push(question);
      return { allowed: !isRefused(question), reason: '' };
    },
    find: async () => undefined,
  };
  return { client, questions };
}

test('missing rights are named with their namespace, and those that nothing works without are told apart', async () => {
  const { client, questions } = asked(({ resource, verb }) =>
    resource === 'events' ? verb === 'patch' : resource === 'statefulsets' && verb === 'delete',
  );
  const rights = rightsFor(duties({ watched_namespace: 'there' }));
  expect(await missingRights(client, rights, { watched: ['there'], own: 'here' })).toEqual([
    { what: 'delete statefulsets.apps in namespace there', essential: true },
    { what: 'patch events in namespace there', essential: false },
  ]);
  expect(questions.find(({ resource }) => resource === 'leases')?.namespace).toBe('here');
  expect(questions).toContainEqual(
    expect.objectContaining({ resource: 'clusterroles', name: 'postgres-pod', namespace: 'there' }),
  );
  expect(questions).toContainEqual(
    expect.objectContaining({ resource: 'postgresqls', subresource: 'status', namespace: 'there' }),
  );
});

test('an operator of some namespaces needs no right outside of namespaces, unless told to', () => {
  const scopes = (changes: Partial<Configuration>) =>
    rightsFor(duties(changes)).filter(({ scope }) => scope === 'cluster');
  expect(scopes({ watched_namespace: 'a,b' })).toEqual([]);
  const reviews = [{ resource: 'tokenreviews' }, { resource: 'subjectaccessreviews' }];
  const seen = [{ resource: 'nodes' }, { resource: 'persistentvolumes' }];
  expect(scopes({ watched_namespace: '*', enable_crd_registration: false })).toMatchObject([
    ...reviews,
    ...seen,
  ]);
  const register = [{ resource: 'customresourcedefinitions' }, { resource: 'customresourcedefinitions' }];
  expect(scopes({ watched_namespace: '*' })).toMatchObject([...register, ...reviews, ...seen]);
  expect(scopes({ watched_namespace: 'a', enable_crd_registration: true })).toMatchObject(register);
});

test("volumes may be seen where Amazon's disks below them matter, and written where these grow below claims", () => {
  const volumes = (changes: Partial<Configuration>) =>
    rightsFor(duties(changes)).flatMap(({ resource, verbs, scope }) =>
      resource === 'persistentvolumes' ? [`${scope} ${verbs.join(',')}`] : [],
    );
  const [seen, written] = ['cluster list,watch', 'cluster patch'];
  expect(volumes({ watched_namespace: 'a' })).toEqual([]);
  expect(volumes({ watched_namespace: 'a', storage_resize_mode: 'mixed' })).toEqual([seen]);
  expect(volumes({ watched_namespace: 'a', storage_resize_mode: 'ebs' })).toEqual([seen, written]);
  expect(volumes({ watched_namespace: '*', storage_resize_mode: 'mixed' })).toEqual([seen]);
  expect(volumes({ watched_namespace: '*', storage_resize_mode: 'ebs' })).toEqual([seen, written]);
});

test('the object with the configuration may be watched, and nothing else beside it', () => {
  const origin = { type: 'OperatorConfiguration', namespace: 'there', name: 'mine' } as const;
  const rights = rightsFor(duties({}, { origin }));
  expect(rights.filter(({ resource }) => resource.startsWith('operatorconf'))).toMatchObject([
    { resource: 'operatorconfigurations', verbs: ['list', 'watch'], names: ['mine'], namespace: 'there' },
    { resource: 'operatorconfigurations/status', verbs: ['patch'], names: ['mine'], namespace: 'there' },
  ]);
});

test('the token for the Teams API may be read, wherever it is, once somebody is to be asked', () => {
  const named = (changes: Partial<Configuration>) =>
    rightsFor(duties(changes)).filter(({ resource, names }) => resource === 'secrets' && names !== undefined);
  const asks = { teams_api_url: 'https://teams.example.org' };
  expect(named({ watched_namespace: 'there' })).toEqual([]);
  expect(named({ watched_namespace: 'there', ...asks })).toMatchObject([
    { scope: 'own', verbs: ['list', 'watch'], names: ['postgresql-operator'], essential: false },
  ]);
  for (const watched_namespace of ['', 'here,there', '*'])
    expect(named({ watched_namespace, ...asks })).toEqual([]);
  const oauth_token_secret_name = { namespace: 'elsewhere', name: 'token' };
  expect(named({ watched_namespace: 'here', ...asks, oauth_token_secret_name })).toMatchObject([
    { namespace: 'elsewhere', names: ['token'] },
  ]);
});

test('the Secrets and ConfigMaps with roles of all clusters may be read where nothing else may', () => {
  const infrastructure = (changes: Partial<Configuration>) =>
    rightsFor(duties({ ...changes, infrastructure_roles_secret_name: { name: 'roles' } }))
      .filter(({ why }) => why?.startsWith('infrastructure') === true)
      .map(({ resource, namespace, names, verbs }) => [resource, namespace, names, verbs]);
  const watch = ['list', 'watch'];
  expect(infrastructure({ watched_namespace: '*' })).toEqual([]);
  expect(infrastructure({ watched_namespace: 'here' })).toEqual([
    ['secrets', 'default', ['roles'], watch],
    ['configmaps', 'default', ['roles'], watch],
  ]);
  const infrastructure_roles_secrets = [{ secretname: { namespace: 'here', name: 'more' } }];
  expect(infrastructure({ watched_namespace: 'default', infrastructure_roles_secrets })).toEqual([
    ['secrets', undefined, ['more', 'roles'], watch],
    ['configmaps', undefined, ['more', 'roles'], watch],
  ]);
});

test('one namespace that may not be read, and one that is not there, do not stop the others', async () => {
  const { client } = asked(({ namespace, resource }) => namespace === 'closed' && resource === 'secrets');
  const rights = rightsFor(duties({ watched_namespace: 'a,closed' }));
  const reachable = await findReachable(client, rights, ['a', 'closed'], 'here');
  expect(reachable.namespaces).toEqual(['a']);
  expect(reachable.refused.get('closed')).toContain(
    'list, watch, create, patch, delete secrets in namespace closed',
  );
  expect(reachable.absent).toEqual(['a']);
});
