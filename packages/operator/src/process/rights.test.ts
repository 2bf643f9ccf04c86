import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { AccessQuestion, Client } from '@pgherd/kube/client';
import { missingRights, rights } from './rights.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

interface Role {
  kind: string;
  metadata: { name: string };
  rules: Rule[];
}

test('the manifest grants exactly what the operator asks for', () => {
  const file = new URL('../../../../manifests/operator-service-account-rbac.yaml', import.meta.url);
  const roles = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Role);
  const granted = roles
    .filter(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === 'postgres-operator')
    .flatMap(({ rules }) => rules)
    .flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => `${group}/${resource} ${verb} ${name}`)),
        ),
      ),
    );
  const asked = rights.flatMap(({ group, resource, verbs, name = '' }) =>
    verbs.map((verb) => `${group}/${resource} ${verb} ${name}`),
  );
  expect(granted.sort()).toEqual(asked.sort());
});

test('missing rights are named, and those that nothing works without are told apart', async () => {
  const questions: AccessQuestion[] = [];
  const client: Pick<Client, 'canI'> = {
    canI: async (question) => {
      questions.push(question);
      const { verb, resource } = question;
      const refused =
        resource === 'events' ? verb === 'patch' : resource === 'statefulsets' && verb === 'delete';
      return { allowed: !refused, reason: '' };
    },
  };
  expect(await missingRights(client, { watched: 'there', own: 'here' })).toEqual([
    { what: 'delete statefulsets.apps', essential: true },
    { what: 'patch events', essential: false },
  ]);
  expect(questions.find(({ resource }) => resource === 'leases')?.namespace).toBe('here');
  expect(questions.find(({ resource }) => resource === 'clusterroles')).toMatchObject({
    name: 'postgres-pod',
  });
  expect(questions).toContainEqual(
    expect.objectContaining({ resource: 'postgresqls', subresource: 'status', namespace: 'there' }),
  );
});
