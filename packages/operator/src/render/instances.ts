import type { Configuration, Postgresql } from '@pgherd/api';
import { isStandby } from './standby.ts';

/** How many members the cluster gets: the manifest's number within the operator's limits; -1 means no limit. */
export function instancesOf(configuration: Configuration, manifest: Postgresql): number {
  const wanted = manifest.spec.numberOfInstances;
  const key = configuration.ignore_instance_limits_annotation_key;
  if (key !== '' && manifest.metadata.annotations?.[key] === 'true') return wanted;
  // A standby cluster of one member is what most people want, whatever the limits say.
  if (wanted === 1 && isStandby(manifest)) return 1;
  const { min_instances: minimum, max_instances: maximum } = configuration;
  const capped = maximum >= 0 ? Math.min(wanted, maximum) : wanted;
  return minimum >= 0 ? Math.max(capped, minimum) : capped;
}
