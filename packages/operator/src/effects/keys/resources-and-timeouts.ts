import type { Entry, Written } from '../effect.ts';

const sidecar = {
  spec: { sidecars: [{ name: 'exporter', image: 'registry.example/exporter:1' }] },
} satisfies Written;

const resources = {
  spec: { resources: { requests: { cpu: '2', memory: '2Gi' }, limits: { cpu: '4', memory: '4Gi' } } },
} satisfies Written;

/** Resources and timeouts. */
export const resourcesAndTimeoutsKeys: Record<string, Entry> = {
  default_cpu_limit: {
    given: sidecar,
    change: { configuration: { default_cpu_limit: '1' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.limits',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits',
    ],
  },
  default_cpu_request: {
    given: sidecar,
    change: { configuration: { default_cpu_request: '100m' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.requests',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests',
    ],
  },
  default_memory_limit: {
    given: sidecar,
    change: { configuration: { default_memory_limit: '1Gi' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.limits',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits',
    ],
  },
  default_memory_request: {
    given: sidecar,
    change: { configuration: { default_memory_request: '100Mi' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[exporter].resources.requests',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests',
    ],
  },
  max_cpu_request: {
    given: resources,
    change: { configuration: { max_cpu_request: '1' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests.cpu'],
  },
  max_memory_request: {
    given: resources,
    change: { configuration: { max_memory_request: '1Gi' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.requests.memory'],
  },
  min_cpu_limit: {
    given: resources,
    change: { configuration: { min_cpu_limit: '8' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits.cpu',
      'problems[0]',
    ],
  },
  min_memory_limit: {
    given: resources,
    change: { configuration: { min_memory_limit: '8Gi' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].resources.limits.memory',
      'problems[0]',
    ],
  },
  patroni_api_check_interval: 'no effect',
  patroni_api_check_timeout: 'no effect',
  pod_deletion_wait_timeout: 'no effect',
  pod_label_wait_timeout: {
    change: { configuration: { pod_label_wait_timeout: '5m' } },
    differs: ['rolling updates.patienceMs'],
  },
  ready_wait_interval: 'no effect',
  ready_wait_timeout: 'no effect',
  resource_check_interval: 'no effect',
  resource_check_timeout: 'no effect',
};
