import type { Configuration, Postgresql, Problem } from '@pgherd/api';
import { instancesOf } from './instances.ts';
import { poolersOf } from './poolers.ts';
import { postgresResources } from './resources.ts';
import { sidecarProblems } from './sidecars.ts';
import { volumeProblems } from './volumes.ts';

/** Where the pods are not what the manifest asks for: the operator's limits, and names and paths that are taken. */
export function renderNotices(configuration: Configuration, manifest: Postgresql): Problem[] {
  const declared = { configuration, manifest };
  return [
    ...instanceNotices(configuration, manifest),
    ...resourceNotices(configuration, manifest),
    ...sidecarProblems(declared),
    ...volumeProblems(declared),
    ...poolerNotices(manifest),
  ];
}

/** The database half of a pooler. */
function poolerNotices(manifest: Postgresql): Problem[] {
  if (poolersOf({ manifest }).length === 0) return [];
  const message =
    'pgherd does not make the role and the function with which the pooler looks up passwords yet; unless they are there, clients cannot log in through it.';
  return [{ severity: 'warning', field: 'spec.enableConnectionPooler', message }];
}

function instanceNotices(configuration: Configuration, manifest: Postgresql): Problem[] {
  const wanted = manifest.spec.numberOfInstances;
  const instances = instancesOf(configuration, manifest);
  if (instances === wanted) return [];
  const key = instances > wanted ? 'min_instances' : 'max_instances';
  const message = `it is ${wanted} and the cluster gets ${instances}: the operator's \`${key}\` says so.`;
  return [{ severity: 'warning', field: 'spec.numberOfInstances', message }];
}

function resourceNotices(configuration: Configuration, manifest: Postgresql): Problem[] {
  return postgresResources(configuration, manifest).raised.map(({ resource, from, to }) => ({
    severity: 'warning',
    field: `spec.resources.limits.${resource}`,
    message: `it is ${from} and the pods get ${to}: the operator's \`min_${resource}_limit\` says so.`,
    reason: 'ResourceLimits',
  }));
}
