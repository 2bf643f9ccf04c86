import type { Postgresql } from './postgresql/postgresql.ts';
import { specNode } from './postgresql/spec.ts';
import type { Problem } from './problem.ts';
import type { JsonSchema } from './schema/json-schema.ts';

/**
 * Which fields of a manifest the operator acts on. An entry covers everything below it, unless a longer path says
 * otherwise. This is the only place to edit when the operator learns a field: the warnings on clusters and the
 * reference documentation follow.
 */
export const fieldSupport: Record<string, 'acted on' | 'not yet'> = {
  'spec.teamId': 'acted on',
  'spec.numberOfInstances': 'acted on',
  'spec.postgresql': 'acted on',
  'spec.volume': 'acted on',
  'spec.patroni': 'acted on',
  'spec.users': 'acted on',
  'spec.usersIgnoringSecretRotation': 'acted on',
  'spec.usersWithSecretRotation': 'acted on',
  'spec.usersWithInPlaceSecretRotation': 'acted on',
  'spec.databases': 'acted on',
  'spec.preparedDatabases': 'acted on',
  'spec.dockerImage': 'acted on',
  'spec.schedulerName': 'acted on',
  'spec.spiloRunAsUser': 'acted on',
  'spec.spiloRunAsGroup': 'acted on',
  'spec.spiloFSGroup': 'acted on',
  'spec.resources': 'acted on',
  'spec.env': 'acted on',
  'spec.envFrom': 'acted on',
  'spec.sidecars': 'acted on',
  'spec.initContainers': 'acted on',
  'spec.livenessProbe': 'acted on',
  'spec.tolerations': 'acted on',
  'spec.nodeAffinity': 'acted on',
  'spec.topologySpreadConstraints': 'acted on',
  'spec.podPriorityClassName': 'acted on',
  'spec.podAnnotations': 'acted on',
  'spec.enableShmVolume': 'acted on',
  'spec.additionalVolumes': 'acted on',
  'spec.enableMasterLoadBalancer': 'acted on',
  'spec.enableReplicaLoadBalancer': 'acted on',
  'spec.enableMasterPoolerLoadBalancer': 'acted on',
  'spec.enableReplicaPoolerLoadBalancer': 'acted on',
  'spec.enableMasterNodePort': 'acted on',
  'spec.enableReplicaNodePort': 'acted on',
  'spec.enableMasterPoolerNodePort': 'acted on',
  'spec.enableReplicaPoolerNodePort': 'acted on',
  'spec.masterNodePort': 'acted on',
  'spec.replicaNodePort': 'acted on',
  'spec.masterPoolerNodePort': 'acted on',
  'spec.replicaPoolerNodePort': 'acted on',
  'spec.allowedSourceRanges': 'acted on',
  'spec.serviceAnnotations': 'acted on',
  'spec.masterServiceAnnotations': 'acted on',
  'spec.replicaServiceAnnotations': 'acted on',
  'spec.enableConnectionPooler': 'acted on',
  'spec.enableReplicaConnectionPooler': 'acted on',
  'spec.connectionPooler': 'acted on',
  'spec.enableLogicalBackup': 'acted on',
  'spec.logicalBackupSchedule': 'acted on',
  'spec.logicalBackupRetention': 'acted on',
  'spec.maintenanceWindows': 'acted on',
  'spec.clone': 'acted on',
  'spec.standby': 'acted on',
  'spec.tls': 'acted on',
  'spec.streams': 'not yet',
  'spec.useLoadBalancer': 'acted on',
  'spec.replicaLoadBalancer': 'acted on',
  'spec.init_containers': 'acted on',
  'spec.pod_priority_class_name': 'acted on',
};

/** Whether the operator acts on the field with this path (in the notation of `fieldsOf`). */
export function isActedOn(path: string): boolean {
  for (let rest = path; rest !== ''; rest = parentOf(rest)) {
    if (Object.hasOwn(fieldSupport, rest)) return fieldSupport[rest] === 'acted on';
  }
  return false;
}

function parentOf(path: string): string {
  if (path.endsWith('[]')) return path.slice(0, -2);
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

/**
 * A warning for each field that this manifest uses and the operator does not act on yet; fields below a field that is
 * named are not named again. A field that asks for nothing (`false`, `null`, empty) is not worth a warning.
 */
export function unsupportedFields(manifest: Postgresql): Problem[] {
  const problems: Problem[] = [];
  const visit = (value: unknown, schema: JsonSchema | undefined, path: string, shown: string): void => {
    if (asksForNothing(value)) return;
    if (path !== 'spec' && !isActedOn(path)) {
      problems.push({ severity: 'warning', field: shown, message: 'pgherd does not act on this field yet.' });
      return;
    }
    if (schema?.properties) {
      for (const [name, child] of Object.entries(value as object))
        if (Object.hasOwn(schema.properties, name))
          visit(child, schema.properties[name], `${path}.${name}`, `${shown}.${name}`);
    } else if (typeof schema?.additionalProperties === 'object') {
      for (const [name, child] of Object.entries(value as object))
        visit(child, schema.additionalProperties, `${path}.*`, `${shown}.${name}`);
    } else if (schema?.items && Array.isArray(value)) {
      value.forEach((child, index) => visit(child, schema.items, `${path}[]`, `${shown}[${index}]`));
    }
  };
  visit(manifest.spec, specNode.schema, 'spec', 'spec');
  return problems;
}

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
