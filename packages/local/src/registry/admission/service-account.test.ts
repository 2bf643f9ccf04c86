import type { Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { injectServiceAccount } from './service-account.ts';

const pod: Pod = {
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }] },
};
const path = '/var/run/secrets/kubernetes.io/serviceaccount';
const inject = (spec: object = {}, account: object = {}): Pod =>
  injectServiceAccount({ ...pod, spec: { ...pod.spec!, ...spec } }, account, () => 'abcde');

test('every container gets the token, CA and namespace', () => {
  const { spec } = inject();
  const mount = { name: 'kube-api-access-abcde', readOnly: true, mountPath: path };
  expect(spec?.serviceAccountName).toBe('default');
  expect(spec?.containers[0]?.volumeMounts).toEqual([mount]);
  expect(spec?.initContainers?.[0]?.volumeMounts).toEqual([mount]);
  expect(spec?.volumes?.[0]?.projected?.sources).toHaveLength(3);
  expect(pod.spec?.volumes).toBeUndefined();
});

test.each([
  [{ automountServiceAccountToken: false }, {}, false],
  [{}, { automountServiceAccountToken: false }, false],
  [{ automountServiceAccountToken: true }, { automountServiceAccountToken: false }, true],
])('pod %o, account %o: mounted %s', (spec, account, mounted) => {
  expect(inject(spec, account).spec?.volumes !== undefined).toBe(mounted);
});

test('a container with a mount of its own at that path keeps it; a second time changes nothing', () => {
  const own = { name: 'own', mountPath: path };
  const { spec } = inject({ containers: [{ name: 'a', volumeMounts: [own] }, { name: 'b' }] });
  expect(spec?.containers[0]?.volumeMounts).toEqual([own]);
  const once = inject();
  expect(injectServiceAccount(once, {})).toEqual(once);
});

test('pull secrets of the account are taken over unless the pod has some', () => {
  const account = { imagePullSecrets: [{ name: 'x' }] };
  expect(inject({}, account).spec?.imagePullSecrets).toEqual([{ name: 'x' }]);
  expect(inject({ imagePullSecrets: [{ name: 'y' }] }, account).spec?.imagePullSecrets).toEqual([
    { name: 'y' },
  ]);
});
