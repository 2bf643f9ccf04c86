import type { KubeObject } from '@pgherd/kube/objects';
import type { Kernel } from './kernel.ts';
import type { Registry } from './registry.ts';
import { priorityClassStorage, systemPriorityClasses } from './resources/priority-class.ts';

const first = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Makes what every cluster has from the start, if it is not there yet. */
export function bootstrap(registry: Registry, kernel: Kernel, targetPort: number): void {
  const namespaces = { group: '', version: 'v1', plural: 'namespaces' };
  for (const name of first) {
    if (!kernel.store.get('namespaces', '', name)) {
      registry.create(namespaces, undefined, { metadata: { name } }, { fieldManager: 'kube-apiserver' });
    }
  }
  const priorityClasses = { group: 'scheduling.k8s.io', version: 'v1', plural: 'priorityclasses' };
  for (const each of systemPriorityClasses) {
    if (!kernel.store.get(priorityClassStorage, '', each.metadata.name ?? '')) {
      const object = structuredClone(each) as unknown as KubeObject;
      registry.create(priorityClasses, undefined, object, { fieldManager: 'kube-apiserver' });
    }
  }
  if (kernel.store.get('services', 'default', 'kubernetes')) return;
  const service: KubeObject = {
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      clusterIP: kernel.kubernetesServiceIp,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort }],
    },
  };
  const services = { group: '', version: 'v1', plural: 'services' };
  registry.create(services, 'default', service, { fieldManager: 'kube-apiserver' });
}
