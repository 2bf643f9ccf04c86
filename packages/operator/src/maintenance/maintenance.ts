import { createHash } from 'node:crypto';
import { readStatus, type Postgresql } from '@pgherd/api';
import { maintenanceAnnotation } from '../names.ts';
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
  /** Fingerprint of the manifest and of what is written in the operator's configuration. */
  inputs: string;
}

/** What windows, the override and the operator's `version` say now. */
export function maintenanceOf(
  manifest: Postgresql,
  settings: Settings,
  now: number,
  version: string,
): Maintenance {
  const { configuration } = settings;
  const before = readStatus(manifest.status).origin;
  const origin = { version, inputs: inputsOf(manifest, settings) };
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

function inputsOf({ spec }: Postgresql, { configuration, named }: Settings): string {
  const written = [...named].toSorted().map((key) => [key, configuration[key]]);
  return createHash('sha256')
    .update(JSON.stringify([spec, written]))
    .digest('hex')
    .slice(0, 16);
}
