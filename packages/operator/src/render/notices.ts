import type { Configuration, Postgresql, Problem } from '@pgherd/api';
import { instancesOf } from './instances.ts';
import { preparedDatabases } from './prepared.ts';
import { postgresResources } from './resources.ts';
import { rotationNotices } from '../secrets/rotation-style.ts';
import { clusterRoles } from './roles/cluster-roles.ts';
import { secretRoles } from './roles/secret-roles.ts';
import type { RoleInput } from './roles/role-input.ts';
import { sidecarProblems } from './sidecars.ts';
import { volumeProblems } from './volumes.ts';

/** Where the cluster is not what the manifest asks for: the operator's limits, and names and paths that are taken. */
export function renderNotices(declared: RoleInput): Problem[] {
  const { configuration, manifest } = declared;
  return [
    ...instanceNotices(configuration, manifest),
    ...resourceNotices(configuration, manifest),
    ...sidecarProblems(declared),
    ...volumeProblems(declared),
    ...roleNotices(declared),
    ...rotationNotices(declared, secretRoles(declared)),
  ];
}

/** Roles that are left out, owners that nobody declares, Secrets that are not where they were asked for. */
function roleNotices(declared: RoleInput): Problem[] {
  const { configuration, manifest } = declared;
  const { roles, problems } = clusterRoles(declared);
  const known = new Set(roles.map(({ name }) => name));
  const warn = (field: string, message: string): Problem => ({ severity: 'warning', field, message });
  const owners = Object.entries(manifest.spec.databases ?? {})
    .filter(([, owner]) => !known.has(owner))
    .map(([name, owner]) =>
      warn(
        `spec.databases.${name}`,
        `its owner \`${owner}\` is no role that is declared; the database is created once a role of this name exists.`,
      ),
    );
  const namespaces = preparedDatabases(manifest)
    .filter(
      ({ secretNamespace }) => secretNamespace !== undefined && !configuration.enable_cross_namespace_secret,
    )
    .map(({ source }) =>
      warn(
        `${source}.secretNamespace`,
        "it is ignored: the operator's `enable_cross_namespace_secret` is off, so the Secrets are in the cluster's namespace.",
      ),
    );
  return [...problems, ...owners, ...namespaces];
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
