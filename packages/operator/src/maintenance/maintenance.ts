import { createHash } from 'node:crypto';
import { readStatus, type Postgresql } from '@pgherd/api';
import { maintenanceAnnotation } from '../names.ts';
import type { PodEnvironment } from '../render/input.ts';
import type { Settings } from '../settings.ts';
import { windowState } from './window.ts';

/** When work that disturbs may be done. */
export interface Maintenance {
  /** Until when work that disturbs waits, for what, and what ends the wait at once; undefined: it may be done now. */
  waits?: Wait;
  /** What the cluster is made from, when nothing is left to be replaced. */
  origin: Origin;
  /** That of the last time that nothing was left; undefined: not known. */
  before?: Origin;
}

/** Why something is not done now. */
export interface Wait {
  /** e.g. `the maintenance window opens at 2030-06-02 01:00 UTC`. */
  until: string;
  /** Milliseconds since 1970; undefined: nobody knows. */
  at?: number;
}

/** What a cluster's objects are made from. */
export interface Origin {
  /** Of the operator. */
  version: string;
  /** Fingerprint of what people wrote: the manifest, the operator's configuration, the variables of all pods. */
  inputs: string;
}

/** Time, and what a cluster is made from besides its manifest. */
export interface MaintenanceFacts {
  /** Milliseconds since 1970. */
  now: number;
  /** Of the operator. */
  version: string;
  /**
   * The spec as somebody wrote it; that of the manifest by default. A new operator may read old fields in another way, and
   * nobody has changed anything then.
   */
  written?: Postgresql['spec'];
  /** What `pod_environment_configmap` and `pod_environment_secret` hold. */
  podEnvironment?: PodEnvironment;
}

/** What windows, the override and the operator's version say now. */
export function maintenanceOf(
  manifest: Postgresql,
  settings: Settings,
  { now, version, written = manifest.spec, podEnvironment }: MaintenanceFacts,
): Maintenance {
  const { configuration } = settings;
  const before = readStatus(manifest.status).origin;
  const origin = { version, inputs: inputsOf(written, settings, podEnvironment) };
  const base = { origin, ...(before === undefined ? {} : { before }) };
  if (isOverridden(manifest, now)) return base;
  const { name } = manifest.metadata;
  const override = `(pgherd maintenance ${name} --now does not wait)`;
  const windows = configuration.enable_maintenance_windows
    ? (manifest.spec.maintenanceWindows ?? configuration.maintenance_windows)
    : [];
  const { opensAt } = windowState(windows, now);
  if (opensAt !== undefined) {
    const time = new Date(opensAt).toISOString().slice(0, 16).replace('T', ' ');
    return {
      ...base,
      waits: { until: `the maintenance window opens at ${time} UTC ${override}`, at: opensAt },
    };
  }
  const isOursOnly =
    before !== undefined && before.version !== origin.version && before.inputs === origin.inputs;
  if (!isOursOnly || windows.length > 0) return base;
  // Nobody has changed anything but the operator's version.
  const until = `somebody lets the new version of the operator (${before.version} → ${origin.version}) replace it, or the manifest changes ${override}`;
  return { ...base, waits: { until } };
}

/** Until when somebody has said that windows do not matter. */
function isOverridden({ metadata }: Postgresql, now: number): boolean {
  const until = Date.parse(metadata.annotations?.[maintenanceAnnotation] ?? '');
  return until > now;
}

function inputsOf(
  spec: Postgresql['spec'],
  { configuration, named }: Settings,
  environment: PodEnvironment | undefined,
): string {
  const written = [...named].toSorted().map((key) => [key, configuration[key]]);
  // Values of the Secret stay in it; pods only name its keys.
  const { secretKeys, values = {} } = environment ?? {};
  const variables = [
    secretKeys,
    Object.keys(values)
      .toSorted()
      .map((name) => [name, values[name]]),
  ];
  return createHash('sha256')
    .update(JSON.stringify([spec, written, variables]))
    .digest('hex')
    .slice(0, 16);
}
