import { expect, test } from 'vitest';
import { fieldErrorMessage } from '@pgherd/kube/schema';
import { podSpecErrors } from './pod.ts';

const errors = (container: object, spec: object = {}): string =>
  podSpecErrors({ containers: [{ name: 'c', image: 'i', ...container }], ...spec }, 'spec')
    .map((each) => fieldErrorMessage(each))
    .join();
const volumes = [{ name: 'v', emptyDir: {} }];
const mount = (more: object): [object, object] => [
  { volumeMounts: [{ name: 'v', mountPath: '/v', ...more }] },
  { volumes },
];
const exec = { command: ['true'] };

test('what a PostgreSQL operator writes is fine', () => {
  const container = {
    imagePullPolicy: 'IfNotPresent',
    env: [
      { name: 'PGROOT', value: '/x' },
      { name: 'a.b-c', value: '' },
    ],
    envFrom: [{ prefix: 'X_', secretRef: { name: 's' } }],
    ports: [{ containerPort: 5432, protocol: 'TCP' }],
    volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(POD_NAME)' }],
    readinessProbe: { exec, successThreshold: 2 },
    livenessProbe: { httpGet: { port: 8008 }, successThreshold: 1 },
    securityContext: { allowPrivilegeEscalation: false, runAsUser: 101, capabilities: { add: ['SYS_NICE'] } },
  };
  const sources = [
    { name: 'v', emptyDir: { medium: 'Memory' } },
    { name: 's', secret: { secretName: 's', defaultMode: 0o640 } },
    { name: 'p', projected: { defaultMode: 420, sources: [{ configMap: { name: 'c' } }] } },
  ];
  const spec = { volumes: sources, restartPolicy: 'Always', securityContext: { fsGroup: 103 } };
  expect(errors(container, spec)).toBe('');
});

test.each<[string, [object, object?]]>([
  ['spec.containers[0].imagePullPolicy: Unsupported value: "Now"', [{ imagePullPolicy: 'Now' }]],
  ['spec.containers[0].env[0].name: Invalid value: "1a"', [{ env: [{ name: '1a' }] }]],
  ["must not start with '..'", [{ env: [{ name: '..a' }] }]],
  ['must specify one of: `configMapRef` or `secretRef`', [{ envFrom: [{ prefix: 'X_' }] }]],
  [
    'spec.containers[0].ports[0].protocol: Unsupported value',
    [{ ports: [{ containerPort: 1, protocol: 'tcp' }] }],
  ],
  ['volumeMounts[0].mountPath: Invalid value: "/a:b": must not contain \':\'', mount({ mountPath: '/a:b' })],
  ['subPathExpr and subPath are mutually exclusive', mount({ subPath: 'a', subPathExpr: 'b' })],
  ['subPath: Invalid value: "/a": must be a relative path', mount({ subPath: '/a' })],
  ['subPath: Invalid value: "a/../b": must not contain \'..\'', mount({ subPath: 'a/../b' })],
  ['livenessProbe: Required value: must specify a handler type', [{ livenessProbe: {} }]],
  [
    'tcpSocket: Forbidden: may not specify more than 1',
    [{ livenessProbe: { exec, tcpSocket: { port: 1 } } }],
  ],
  [
    'livenessProbe.successThreshold: Invalid value: 2: must be 1',
    [{ livenessProbe: { exec, successThreshold: 2 } }],
  ],
  ['periodSeconds: Invalid value: -1', [{ readinessProbe: { exec, periodSeconds: -1 } }]],
  ['securityContext.runAsUser: Invalid value: -1', [{ securityContext: { runAsUser: -1 } }]],
  [
    'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    [{ securityContext: { allowPrivilegeEscalation: false, privileged: true } }],
  ],
  ['spec.securityContext.fsGroup: Invalid value', [{}, { securityContext: { fsGroup: 3_000_000_000 } }]],
  ['spec.restartPolicy: Unsupported value: "Maybe"', [{}, { restartPolicy: 'Maybe' }]],
  ['spec.terminationGracePeriodSeconds: Invalid value: -1', [{}, { terminationGracePeriodSeconds: -1 }]],
  ['spec.volumes[0].secret.secretName: Required value', [{}, { volumes: [{ name: 'v', secret: {} }] }]],
  [
    'spec.volumes[0].secret.defaultMode: Invalid value: 512',
    [{}, { volumes: [{ name: 'v', secret: { secretName: 's', defaultMode: 512 } }] }],
  ],
])('%s', (wanted, [container, spec]) => {
  expect(errors(container, spec)).toContain(wanted);
});
