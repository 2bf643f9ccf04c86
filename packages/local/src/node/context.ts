import type { Clock, Logger } from '@pgherd/kube/objects';
import type { TokenIssuer } from '../auth/auth.ts';
import type { Engine } from '../engine/engine.ts';
import type { Registry } from '../registry/registry.ts';
import type { ContainerSettings } from './container-spec.ts';
import type { DnsSettings } from './dns-files.ts';
import type { RecordEvent } from './event-recorder.ts';
import type { NodeFacts } from './field-ref.ts';
import type { ProcessWatch } from './process-watch.ts';
import type { Runtime } from './runtime.ts';
import type { VolumeImages } from '../volumes/volume-images.ts';
import type { PodDirectories } from './volumes/pod-directories.ts';
import type { VolumeSource } from './volumes/pod-volumes.ts';

/** Called after a sandbox has started, before its containers: the network may have something to set up. */
export type SandboxHook = (info: { podUid: string; ip: string; containerId: string }) => Promise<void>;

/** What every part of the node agent works with. */
export interface NodeContext {
  registry: Registry;
  engine: Engine;
  runtime: Runtime;
  settings: ContainerSettings;
  directories: PodDirectories;
  images: VolumeImages;
  issuer: TokenIssuer;
  source: VolumeSource;
  node: NodeFacts;
  dns: DnsSettings;
  clock: Clock;
  log: Logger;
  record: RecordEvent;
  processes: ProcessWatch;
  onSandboxStarted: SandboxHook | undefined;
  /** Where probes come from, if that matters; they are the node's own, and go on while it is cut off. */
  probeAddress: () => string | undefined;
  /** How late the status of a pod is written, milliseconds: what happens meanwhile is told at once, as kubelets do under load. */
  statusDelayMs: () => number;
}
