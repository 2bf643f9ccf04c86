import { aggregationController } from './aggregation-controller.ts';
import { runController } from './controller.ts';
import type { Controller, RunOptions, Running } from './controller.ts';
import { deploymentController } from './deployment/controller.ts';
import { cronJobController } from './cronjob/controller.ts';
import { disruptionController } from './disruption-controller.ts';
import { endpointsController } from './endpoints/endpoints-controller.ts';
import { sliceController } from './endpoints/slice-controller.ts';
import { runEventExpiry } from './event-expiry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { runGarbageCollector } from './gc/garbage-collector.ts';
import { jobController } from './job/controller.ts';
import { jobExpiryController } from './job/expiry-controller.ts';
import { jobOrphanController } from './job/orphan-controller.ts';
import { kubernetesServiceController } from './kubernetes-service-controller.ts';
import type { ApiServerAddress } from './kubernetes-service-controller.ts';
import { namespaceController } from './namespace-controller.ts';
import { nodeLifecycleController, type NodeOptions } from './nodes/lifecycle-controller.ts';
import { podCollector } from './nodes/pod-collector.ts';
import { taintEvictionController } from './nodes/eviction-controller.ts';
import { Objects } from './objects.ts';
import { replicaSetController } from './replicaset/controller.ts';
import { serviceAccountController } from './service-account-controller.ts';
import { statefulSetController } from './statefulset/controller.ts';
import { claimController } from './volumes/claim-controller.ts';
import { ensureStorageClasses } from './volumes/storage-classes.ts';
import type { SizeLimits } from '../volumes/size-limits.ts';
import { volumeController } from './volumes/volume-controller.ts';
import type { VolumeStore } from '../volumes/volume-store.ts';

/** What the controllers need to know of the instance. */
export interface ControllersOptions extends RunOptions {
  /** PEM, for `kube-root-ca.crt` in each namespace. */
  caCertificate: string;
  apiServer: ApiServerAddress;
  /** The node of volumes that are made before a pod needs them. */
  nodeName: string;
  /** Absent: nobody watches over nodes, and pods may be on nodes that are not there. */
  nodes?: NodeOptions;
  volumes: VolumeStore;
  /** Whether this machine can make volumes whose size is their limit. */
  limits: SizeLimits;
}

/**
 * Starts all controllers. They keep their state in the registry only: killed at any point, the next start goes on.
 * `stop` ends them; nothing is written afterwards.
 */
export function startControllers(options: ControllersOptions): Running {
  const { registry, clock, volumes } = options;
  const objects = new Objects(registry);
  const recorder = (component: string): ReturnType<typeof createEventRecorder> =>
    createEventRecorder(objects, clock, component);
  const volumeEvents = recorder('persistentvolume-controller');
  ensureStorageClasses(objects, options.limits);
  const controllers: Controller[] = [
    serviceAccountController(objects, options.caCertificate),
    kubernetesServiceController(objects, options.apiServer),
    namespaceController(objects, clock),
    aggregationController(objects),
    claimController(objects, {
      events: volumeEvents,
      store: volumes,
      limits: options.limits,
      clock,
      nodeName: options.nodeName,
    }),
    volumeController(objects, volumes, volumeEvents),
    statefulSetController(objects, clock, recorder('statefulset-controller')),
    replicaSetController(objects, clock, recorder('replicaset-controller')),
    deploymentController(objects, clock, recorder('deployment-controller')),
    jobController(objects, clock, recorder('job-controller')),
    jobOrphanController(objects),
    jobExpiryController(objects, clock),
    cronJobController(objects, clock, recorder('cronjob-controller')),
    endpointsController(objects),
    sliceController(objects),
    disruptionController(objects, clock),
  ];
  if (options.nodes !== undefined) {
    controllers.push(
      nodeLifecycleController(objects, clock, recorder('node-controller'), options.nodes),
      taintEvictionController(objects, clock, recorder('taint-eviction-controller')),
      podCollector(objects, clock),
    );
  }
  const running = controllers.map((controller) => runController(controller, options));
  running.push(runGarbageCollector(options), runEventExpiry(options));
  return {
    async stop() {
      await Promise.all(running.map((each) => each.stop()));
    },
  };
}
