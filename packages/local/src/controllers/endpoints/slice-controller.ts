import { endpointSlices, endpoints, services } from '@pgherd/kube/objects';
import type { KubeObject } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import type { Controller } from '../controller.ts';
import { Objects, keyOf, splitKey } from '../objects.ts';
import { hasSelector } from './backends.ts';
import { interestsOfBackends, selectedPods } from './endpoints-controller.ts';
import {
  MIRRORING_CONTROLLER,
  SERVICE_NAME,
  SLICE_CONTROLLER,
  applySlices,
  mirrorsOf,
  slicesOfService,
} from './slices.ts';

const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

/** Writes EndpointSlices: from pods where the Service has a selector, from the Endpoints of its name where not. */
export function sliceController(objects: Objects): Controller {
  return {
    name: 'endpointslice',
    interests: [
      ...interestsOfBackends(objects),
      { resource: endpoints, keys: (object) => [keyOf(object)] },
      { resource: endpointSlices, keys: serviceOfSlice },
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const service = objects.get(services, namespace, name);
      const selecting = service !== undefined && hasSelector(service);
      const slices = selecting ? slicesOfService(service, selectedPods(objects, service)) : [];
      applySlices(objects, namespace, name, SLICE_CONTROLLER, slices);
      const written = service && !selecting ? objects.get(endpoints, namespace, name) : undefined;
      const mirrored =
        written &&
        written.metadata.labels?.[SKIP_MIRROR] !== 'true' &&
        written.metadata.annotations?.[LEADER_ANNOTATION] === undefined;
      applySlices(objects, namespace, name, MIRRORING_CONTROLLER, mirrored ? mirrorsOf(written) : []);
      return done;
    },
  };
}

function serviceOfSlice({ metadata }: KubeObject): string[] {
  const name = metadata.labels?.[SERVICE_NAME];
  return name === undefined ? [] : [`${metadata.namespace ?? ''}/${name}`];
}
