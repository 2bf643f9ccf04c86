import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import type { Predicate } from '@pgherd/kube/runtime';
import type { Configuration } from '@pgherd/api';

/** Whether a pod changed in what a death or a stale label is told from; heartbeats are neither. */
export function podWakes({
  pod_role_label: roleLabel,
}: Pick<Configuration, 'pod_role_label'>): Predicate<KubeObject> {
  const partsOf = ({ metadata, status }: Pod): unknown[] => [
    metadata.uid,
    metadata.deletionTimestamp,
    metadata.labels?.[roleLabel],
    status?.phase,
    status?.podIP,
    status?.containerStatuses?.map(({ name, state, lastState }) => [name, state, lastState]),
  ];
  return (old, current) =>
    old === undefined ||
    current === undefined ||
    !isDeepStrictEqual(partsOf(old as Pod), partsOf(current as Pod));
}

/** Whether one of Patroni's objects has another leader, or another configuration (a cluster that is resumed). */
export const patroniWakes: Predicate<KubeObject> = (old, current) =>
  ['leader', 'config'].some(
    (name) => old?.metadata.annotations?.[name] !== current?.metadata.annotations?.[name],
  );
