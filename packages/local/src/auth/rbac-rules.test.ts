import { expect, test } from 'vitest';
import type { PolicyRule } from '@pgherd/kube/objects';
import type { Attributes } from './auth.ts';
import { covers, missingRules, ruleAllows } from './rbac-rules.ts';

const user = { name: 'u', groups: [] };
const asks = (verb: string, resource: string, rest: Partial<Attributes> = {}): Attributes => {
  const [plural = '', subresource] = resource.split('/');
  return { user, verb, group: '', resource: plural, ...(subresource ? { subresource } : {}), ...rest };
};
const pods: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

test.each<[string, PolicyRule, Attributes, boolean]>([
  ['verb and resource', pods, asks('get', 'pods'), true],
  ['another verb', pods, asks('delete', 'pods'), false],
  ['another group', pods, asks('get', 'pods', { group: 'metrics.k8s.io' }), false],
  ['a resource does not contain its subresources', pods, asks('get', 'pods/log'), false],
  ['a subresource by name', { ...pods, resources: ['pods/log'] }, asks('get', 'pods/log'), true],
  [
    'a subresource does not contain its resource',
    { ...pods, resources: ['pods/log'] },
    asks('get', 'pods'),
    false,
  ],
  ['* contains subresources', { ...pods, resources: ['*'] }, asks('get', 'pods/log'), true],
  ['*/scale of any resource', { ...pods, resources: ['*/scale'] }, asks('get', 'statefulsets/scale'), true],
  ['*/scale is not the resource', { ...pods, resources: ['*/scale'] }, asks('get', 'statefulsets'), false],
  ['pods/* is no wildcard', { ...pods, resources: ['pods/*'] }, asks('get', 'pods/log'), false],
  ['all verbs', { ...pods, verbs: ['*'] }, asks('patch', 'pods'), true],
  ['all groups', { ...pods, apiGroups: ['*'] }, asks('get', 'pods', { group: 'x' }), true],
  ['the named object', { ...pods, resourceNames: ['a'] }, asks('get', 'pods', { name: 'a' }), true],
  ['another object', { ...pods, resourceNames: ['a'] }, asks('get', 'pods', { name: 'b' }), false],
  ['names do not allow a list of all', { ...pods, resourceNames: ['a'] }, asks('list', 'pods'), false],
  ['path', { verbs: ['get'], nonResourceURLs: ['/healthz'] }, { user, verb: 'get', path: '/healthz' }, true],
  [
    'path below',
    { verbs: ['get'], nonResourceURLs: ['/healthz'] },
    { user, verb: 'get', path: '/healthz/x' },
    false,
  ],
  [
    'path prefix',
    { verbs: ['get'], nonResourceURLs: ['/api/*'] },
    { user, verb: 'get', path: '/api/v1' },
    true,
  ],
  [
    'resource rules say nothing of paths',
    { ...pods, resources: ['*'] },
    { user, verb: 'get', path: '/x' },
    false,
  ],
])('%s', (_, rule, attributes, allowed) => {
  expect(ruleAllows(rule, attributes)).toBe(allowed);
});

test('rights cover others across several rules', () => {
  const owned = [pods, { verbs: ['get', 'list'], apiGroups: ['apps'], resources: ['*'] }];
  const both = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
  expect(covers(owned, [both, { ...both, apiGroups: ['apps'] }])).toBe(true);
  expect(missingRules(owned, [{ ...both, verbs: ['get', 'delete'] }])).toEqual([
    { ...both, verbs: ['delete'] },
  ]);
});

test('rights on one object do not cover all objects', () => {
  expect(covers([{ ...pods, resourceNames: ['a'] }], [pods])).toBe(false);
  expect(covers([pods], [{ ...pods, resourceNames: ['a'] }])).toBe(true);
  expect(
    covers([{ verbs: ['get'], nonResourceURLs: ['/api/*'] }], [{ verbs: ['get'], nonResourceURLs: ['*'] }]),
  ).toBe(false);
});
