import { serverSideApply } from '@pgherd/kube/patch';
import { applyBuiltinDefaults, builtinSchema } from '@pgherd/kube/schema';
import { expect, test } from 'vitest';
import type { KubeObject } from '@pgherd/kube/objects';
import { fieldManager } from '../names.ts';
import { rendered, type TestInput } from '../testing/rendered.ts';
import { fieldChanges } from './field-change.ts';

/** As it stands in Kubernetes once it was applied: with defaults, and with a note of what is ours. */
function applied(object: KubeObject): KubeObject {
  const [version = '', group = ''] = (object.apiVersion ?? '').split('/').reverse();
  const schema = builtinSchema({ group, version, kind: object.kind ?? '' });
  if (schema === undefined) throw new Error(`no schema of ${object.kind ?? ''}`);
  const live = serverSideApply({
    config: structuredClone(object),
    live: undefined,
    schema,
    manager: fieldManager,
    time: '2026-01-01T00:00:00Z',
    force: true,
  });
  applyBuiltinDefaults(live);
  return live;
}

const inputs: [string, TestInput][] = [
  ['nothing in particular', {}],
  [
    'much of what shapes pods',
    {
      spec: {
        sidecars: [{ name: 'side', image: 'x', ports: [{ containerPort: 80 }] }],
        initContainers: [{ name: 'init', image: 'x', ports: [{ containerPort: 80 }] }],
        additionalVolumes: [{ name: 'v', mountPath: '/v', volumeSource: { emptyDir: {} } }],
        tls: { secretName: 'crt' },
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }],
        tolerations: [{ key: 'a', operator: 'Exists' }],
        livenessProbe: { httpGet: { port: 8008 } },
        resources: { requests: { cpu: '0.5' }, limits: { memory: '1024Mi' } },
        env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        clone: { cluster: 'other' },
      },
      configuration: {
        enable_pod_antiaffinity: true,
        node_readiness_label: { b: '1', a: '2' },
        share_pgsocket_with_sidecars: true,
        sidecars: [{ name: 'more', image: 'y', ports: [{ containerPort: 81 }] }],
        additional_pod_capabilities: ['sys_nice'],
        wal_s3_bucket: 'b',
      },
    },
  ],
];

test.each(inputs)('what was applied is no difference: %s', (_what, input) => {
  for (const object of rendered(input).values()) {
    const changes = fieldChanges(object, applied(object), { ignoredAnnotations: [] });
    expect({ object: `${object.kind} ${object.metadata.name}`, changes }).toMatchObject({ changes: [] });
  }
});
