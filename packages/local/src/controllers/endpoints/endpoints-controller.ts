import { endpoints, pods as podResource, services } from '@pgherd/kube/objects';
import type { EndpointSubset, Endpoints, Pod, Service } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import type { Controller, Interest } from '../controller.ts';
import { Objects, keyOf, sameJson, splitKey } from '../objects.ts';
import { SelectorIndex } from '../selector-index.ts';
import { groupBackends, hasSelector, isHeadless, selects } from './backends.ts';

/** Marks what this controller has made, so that it never deletes what others (Patroni, the operator) have. */
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const CONTROLLER = 'endpoint-controller';
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** Writes the Endpoints of Services that have a selector. */
export function endpointsController(objects: Objects): Controller {
  return {
    name: 'endpoints',
    interests: [...interestsOfBackends(objects), { resource: endpoints, keys: (object) => [keyOf(object)] }],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const service = objects.get(services, namespace, name);
      const present = objects.get(endpoints, namespace, name);
      if (!service) {
        if (present?.metadata.labels?.[MANAGED_BY] === CONTROLLER) objects.delete(endpoints, present);
        return done;
      }
      if (!hasSelector(service) || service.metadata.deletionTimestamp !== undefined) return done;
      const wanted = buildEndpoints(service, selectedPods(objects, service));
      if (!present) objects.create(endpoints, wanted);
      else if (
        !sameJson(present.subsets ?? [], wanted.subsets) ||
        !sameJson(present.metadata.labels, wanted.metadata.labels)
      ) {
        const metadata = { ...present.metadata, labels: wanted.metadata.labels ?? {} };
        objects.update(endpoints, { ...present, metadata, subsets: wanted.subsets ?? [] });
      }
      return done;
    },
  };
}

/** Services, and the Services that select a pod: where its changes show. */
export function interestsOfBackends(objects: Objects): Interest[] {
  const selectors = new SelectorIndex((service) => (service as Service).spec?.selector);
  return [
    {
      resource: services,
      see: (service, isGone) => selectors.see(service, isGone),
      keys: (service) => [keyOf(service)],
    },
    {
      resource: podResource,
      ignoresAnnotations: true,
      keys: (pod) =>
        selectors.candidates(pod.metadata.namespace, pod.metadata.labels).filter((key) => {
          const service = objects.get(services, ...splitKey(key));
          return service !== undefined && selects(service, pod as Pod);
        }),
    },
  ];
}

/** The pods that the Service selects; none for one without selector. */
export function selectedPods(objects: Objects, service: Service): Pod[] {
  const labels = service.spec?.selector ?? {};
  return hasSelector(service) ? objects.list(podResource, service.metadata.namespace, { labels }) : [];
}

/**
 * Ready pods are addresses, others notReadyAddresses. Terminating pods are neither, unless the Service publishes
 * addresses that are not ready: then all are addresses.
 */
export function buildEndpoints(service: Service, pods: Pod[]): Endpoints {
  const all = service.spec?.publishNotReadyAddresses === true;
  const subsets = groupBackends(service, pods).flatMap(({ ports, backends }): EndpointSubset[] => {
    const shown = backends.filter(({ terminating }) => all || !terminating);
    const ready = shown.filter((backend) => all || backend.ready).map(({ address }) => address);
    const notReady = shown.filter((backend) => !all && !backend.ready).map(({ address }) => address);
    if (shown.length === 0) return [];
    return [
      {
        ...(ready.length > 0 ? { addresses: ready } : {}),
        ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
        ...(ports.length > 0 ? { ports } : {}),
      },
    ];
  });
  const { name = '', namespace = '', labels } = service.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        [MANAGED_BY]: CONTROLLER,
        ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
      },
    },
    subsets,
  };
}
