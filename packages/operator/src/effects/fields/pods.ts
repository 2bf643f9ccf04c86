import type { Entry } from '../effect.ts';

const amounts = (part: 'requests' | 'limits', name: string, amount: string) => ({
  resources: { [part]: { [name]: amount } },
});

const sidecar = { name: 'exporter', image: 'registry.example/exporter:1' };
const sidecars = (more: object) => ({ spec: { sidecars: [{ ...sidecar, ...more }] } });

const volume = { name: 'extra', mountPath: '/extra', volumeSource: { emptyDir: {} } };
const additionalVolumes = (more: object) => ({ spec: { additionalVolumes: [{ ...volume, ...more }] } });

/** Fields that shape the pods. */
export const podFields: Record<string, Entry> = {
  'spec.dockerImage': {
    change: { spec: { dockerImage: 'registry.example/pgherd/postgres:1' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].image'],
  },
  'spec.schedulerName': {
    change: { spec: { schedulerName: 'other' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.schedulerName'],
  },
  'spec.spiloRunAsUser': {
    change: { spec: { spiloRunAsUser: 1001 } },
    differs: ['StatefulSet acid-demo.spec.template.spec.securityContext.runAsUser'],
  },
  'spec.spiloRunAsGroup': {
    change: { spec: { spiloRunAsGroup: 1002 } },
    differs: ['StatefulSet acid-demo.spec.template.spec.securityContext.runAsGroup'],
  },
  'spec.spiloFSGroup': {
    change: { spec: { spiloFSGroup: 1003 } },
    differs: ['StatefulSet acid-demo.spec.template.spec.securityContext.fsGroup'],
  },
  'spec.resources.requests.cpu': {
    change: { spec: amounts('requests', 'cpu', '100m') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests'],
  },
  'spec.resources.requests.memory': {
    change: { spec: amounts('requests', 'memory', '100Mi') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests'],
  },
  'spec.resources.requests.hugepages-2Mi': {
    change: { spec: amounts('requests', 'hugepages-2Mi', '4Mi') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests'],
  },
  'spec.resources.requests.hugepages-1Gi': {
    change: { spec: amounts('requests', 'hugepages-1Gi', '2Gi') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests'],
  },
  'spec.resources.limits.cpu': {
    change: { spec: amounts('limits', 'cpu', '1') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits'],
  },
  'spec.resources.limits.memory': {
    change: { spec: amounts('limits', 'memory', '1Gi') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits'],
  },
  'spec.resources.limits.hugepages-2Mi': {
    change: { spec: amounts('limits', 'hugepages-2Mi', '4Mi') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits'],
  },
  'spec.resources.limits.hugepages-1Gi': {
    change: { spec: amounts('limits', 'hugepages-1Gi', '2Gi') },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits'],
  },
  'spec.env': {
    change: { spec: { env: [{ name: 'FOO', value: 'bar' }] } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[FOO]'],
  },
  'spec.envFrom': {
    change: { spec: { envFrom: [{ secretRef: { name: 'more' } }] } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].envFrom'],
  },
  'spec.sidecars[].name': {
    given: sidecars({}),
    change: sidecars({ name: 'other' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[exporter]',
      'StatefulSet acid-demo.spec.template.spec.containers[other]',
    ],
  },
  'spec.sidecars[].image': {
    given: sidecars({}),
    change: sidecars({ image: 'registry.example/exporter:2' }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].image'],
  },
  'spec.sidecars[].ports': {
    given: sidecars({}),
    change: sidecars({ ports: [{ name: 'metrics', containerPort: 9187 }] }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].ports'],
  },
  'spec.sidecars[].env': {
    given: sidecars({}),
    change: sidecars({ env: [{ name: 'FOO', value: 'bar' }] }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].env[FOO]'],
  },
  'spec.sidecars[].resources.requests.cpu': {
    given: sidecars({}),
    change: sidecars(amounts('requests', 'cpu', '50m')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.requests'],
  },
  'spec.sidecars[].resources.requests.memory': {
    given: sidecars({}),
    change: sidecars(amounts('requests', 'memory', '50Mi')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.requests'],
  },
  'spec.sidecars[].resources.requests.hugepages-2Mi': {
    given: sidecars({}),
    change: sidecars(amounts('requests', 'hugepages-2Mi', '4Mi')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.requests'],
  },
  'spec.sidecars[].resources.requests.hugepages-1Gi': {
    given: sidecars({}),
    change: sidecars(amounts('requests', 'hugepages-1Gi', '2Gi')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.requests'],
  },
  'spec.sidecars[].resources.limits.cpu': {
    given: sidecars({}),
    change: sidecars(amounts('limits', 'cpu', '1')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.limits'],
  },
  'spec.sidecars[].resources.limits.memory': {
    given: sidecars({}),
    change: sidecars(amounts('limits', 'memory', '1Gi')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.limits'],
  },
  'spec.sidecars[].resources.limits.hugepages-2Mi': {
    given: sidecars({}),
    change: sidecars(amounts('limits', 'hugepages-2Mi', '4Mi')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.limits'],
  },
  'spec.sidecars[].resources.limits.hugepages-1Gi': {
    given: sidecars({}),
    change: sidecars(amounts('limits', 'hugepages-1Gi', '2Gi')),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.limits'],
  },
  'spec.sidecars[].command': {
    given: sidecars({}),
    change: sidecars({ command: ['/run'] }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].command'],
  },
  'spec.initContainers': {
    change: { spec: { initContainers: [{ name: 'first', image: 'registry.example/first:1' }] } },
    differs: ['StatefulSet acid-demo.spec.template.spec.initContainers'],
  },
  'spec.init_containers': {
    change: { spec: { init_containers: [{ name: 'first', image: 'registry.example/first:1' }] } },
    differs: ['StatefulSet acid-demo.spec.template.spec.initContainers', 'problems[0]'],
  },
  'spec.livenessProbe': {
    change: { spec: { livenessProbe: { httpGet: { path: '/liveness', port: 8008 } } } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].livenessProbe'],
  },
  'spec.tolerations': {
    change: { spec: { tolerations: [{ key: 'postgres', operator: 'Exists', effect: 'NoSchedule' }] } },
    differs: ['StatefulSet acid-demo.spec.template.spec.tolerations[0]'],
  },
  'spec.nodeAffinity': {
    change: {
      spec: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['fast'] }] }],
          },
        },
      },
    },
    differs: ['StatefulSet acid-demo.spec.template.spec.affinity'],
  },
  'spec.topologySpreadConstraints': {
    change: {
      spec: {
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
        ],
      },
    },
    differs: ['StatefulSet acid-demo.spec.template.spec.topologySpreadConstraints'],
  },
  'spec.podPriorityClassName': {
    change: { spec: { podPriorityClassName: 'important' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.priorityClassName'],
  },
  'spec.pod_priority_class_name': {
    change: { spec: { pod_priority_class_name: 'important' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.priorityClassName', 'problems[0]'],
  },
  'spec.podAnnotations': {
    change: { spec: { podAnnotations: { 'example.org/a': 'b' } } },
    differs: ['StatefulSet acid-demo.spec.template.metadata.annotations.example.org/a'],
  },
  'spec.enableShmVolume': {
    change: { spec: { enableShmVolume: false } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[dshm]',
      'StatefulSet acid-demo.spec.template.spec.volumes[dshm]',
    ],
  },
  'spec.additionalVolumes[].name': {
    given: additionalVolumes({}),
    change: additionalVolumes({ name: 'other' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[extra]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[other]',
      'StatefulSet acid-demo.spec.template.spec.volumes[extra]',
      'StatefulSet acid-demo.spec.template.spec.volumes[other]',
    ],
  },
  'spec.additionalVolumes[].mountPath': {
    given: additionalVolumes({}),
    change: additionalVolumes({ mountPath: '/other' }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[extra].mountPath'],
  },
  'spec.additionalVolumes[].subPath': {
    given: additionalVolumes({}),
    change: additionalVolumes({ subPath: 'inside' }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[extra].subPath'],
  },
  'spec.additionalVolumes[].isSubPathExpr': {
    given: additionalVolumes({ subPath: '$(POD_NAMESPACE)' }),
    change: additionalVolumes({ subPath: '$(POD_NAMESPACE)', isSubPathExpr: true }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[extra].subPath',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[extra].subPathExpr',
    ],
  },
  'spec.additionalVolumes[].targetContainers': {
    given: { spec: { ...sidecars({}).spec, ...additionalVolumes({}).spec } },
    change: additionalVolumes({ targetContainers: ['all'] }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[exporter].volumeMounts[extra]'],
  },
  'spec.additionalVolumes[].volumeSource': {
    given: additionalVolumes({}),
    change: additionalVolumes({ volumeSource: { secret: { secretName: 'more' } } }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.volumes[extra].emptyDir',
      'StatefulSet acid-demo.spec.template.spec.volumes[extra].secret',
    ],
  },
};
