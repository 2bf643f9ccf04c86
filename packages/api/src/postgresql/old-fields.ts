import type { Container } from 'kubernetes-types/core/v1.js';
import type { Problem } from '../problem.ts';
import { array, boolean, core, nullable, string } from '../schema/node.ts';
import type { Postgresql } from './postgresql.ts';

/** Members of `spec` that manifests of 2018 have, and that Zalando's operator dropped in v2. */
export const oldMembers = {
  useLoadBalancer: boolean('Out of date: `enableMasterLoadBalancer`.'),
  replicaLoadBalancer: boolean('Out of date: `enableReplicaLoadBalancer`.'),
  init_containers: nullable(
    array('Out of date: `initContainers`.', core<Container>('Container', 'One container.')),
  ),
  pod_priority_class_name: string('Out of date: `podPriorityClassName`.'),
};

const current = {
  useLoadBalancer: 'enableMasterLoadBalancer',
  replicaLoadBalancer: 'enableReplicaLoadBalancer',
  init_containers: 'initContainers',
  pod_priority_class_name: 'podPriorityClassName',
} as const satisfies Record<keyof typeof oldMembers, keyof Postgresql['spec']>;

/** The manifest with the current names of fields that are out of date, and a warning for each of them. */
export function withCurrentFields(manifest: Postgresql): { manifest: Postgresql; problems: Problem[] } {
  const given: unknown = manifest.spec;
  const problems: Problem[] = [];
  if (typeof given !== 'object' || given === null) return { manifest, problems };
  const spec: Record<string, unknown> = { ...given };
  for (const [old, name] of Object.entries(current)) {
    if (!Object.hasOwn(spec, old)) continue;
    const value = spec[old];
    delete spec[old];
    if (value === undefined || value === null) continue;
    const both = spec[name] !== undefined && spec[name] !== null;
    if (!both) spec[name] = value;
    problems.push({
      severity: 'warning',
      field: `spec.${old}`,
      message: both
        ? `this name is out of date and not read, because \`${name}\` is there as well; remove it.`
        : `this name is out of date; write \`${name}\` instead.`,
    });
  }
  if (problems.length === 0 && Object.keys(spec).length === Object.keys(given).length)
    return { manifest, problems };
  return { manifest: { ...manifest, spec: spec as Postgresql['spec'] }, problems };
}
