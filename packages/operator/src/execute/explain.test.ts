import { ApiError } from '@pgherd/kube/objects';
import { PatroniError } from '@pgherd/patroni';
import { PostgresError } from '@pgherd/postgres';
import { expect, test } from 'vitest';
import { explain } from './explain.ts';

const forbidden = (message: string) => new ApiError(403, 'Forbidden', message);

test.each([
  [forbidden('services "x" is forbidden: User "u" cannot create resource "services"'), 'Forbidden', 'rbac'],
  [
    forbidden('pods "x" is forbidden: exceeded quota: small, requested: cpu=1'),
    'QuotaExceeded',
    'ResourceQuota',
  ],
  [
    forbidden(
      'persistentvolumeclaims "x" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    ),
    'VolumeCannotGrow',
    'allowVolumeExpansion',
  ],
  [
    new ApiError(400, 'BadRequest', 'admission webhook "w" denied the request: no'),
    'AdmissionDenied',
    'rule',
  ],
  [
    new ApiError(500, 'InternalError', 'failed calling webhook "w": connection refused'),
    'WebhookUnavailable',
    'ValidatingWebhookConfiguration',
  ],
  [
    forbidden('unable to create new content in namespace x because it is being terminated'),
    'NamespaceTerminating',
    'deleted',
  ],
  [new ApiError(422, 'Invalid', 'Service "x" is invalid: spec.ports[0].port'), 'ObjectRefused', 'field'],
  [new PatroniError('GET http://10.0.0.1:8008/config: ECONNREFUSED'), 'PatroniUnreachable', '8008'],
  [new PatroniError('no auth header received', 401), 'PatroniRefuses', 'pgherd switchover'],
  [new PatroniError('switchover refused', 412), 'PatroniRefuses', 'switchover refused'],
  [new PostgresError('password authentication failed', '28P01', true), 'PasswordRefused', 'Secret'],
  [new PostgresError('connect ECONNREFUSED', 'ECONNREFUSED', true), 'PostgresUnreachable', '5432'],
  [new PostgresError('disk full', '53100', false), 'DiskFull', 'spec.volume.size'],
  [new PostgresError('role "x" cannot be dropped', '2BP01', false), 'PostgresRefuses', 'cannot be dropped'],
  [new Error('anything'), 'StepFailed', 'anything'],
])('%s', (error, reason, advice) => {
  const explained = explain(error);
  expect(explained.reason).toBe(reason);
  expect(explained.message).toContain(error.message);
  expect(explained.message).toContain(advice);
});
