import type { Pod } from '@pgherd/kube/objects';
import type { Member, Observed } from '../observe/observed.ts';
import { departureOf, type Departure } from './departure.ts';
import type { NodeState } from './node-state.ts';
import { selects } from './selector.ts';
import { tolerates } from './tolerations.ts';

/** The node that a member runs on; undefined: it runs on none, or nobody may look. */
export function nodeOf({ nodes }: Pick<Observed, 'nodes'>, { pod }: Member): NodeState | undefined {
  return nodes?.get(pod.spec?.nodeName ?? '');
}

/** Why a member has to leave its node; undefined: it may stay, as far as is known. */
export function departureOfMember(observed: Pick<Observed, 'nodes'>, member: Member): Departure | undefined {
  const node = nodeOf(observed, member);
  return node === undefined ? undefined : departureOf(node, member.pod);
}

/** Whether the member's node works and is not about to go. */
export function stays(observed: Pick<Observed, 'nodes'>, member: Member): boolean {
  return nodeOf(observed, member)?.ready === 'True' && departureOfMember(observed, member) === undefined;
}

/**
 * What a member that is deleted would have to wait for before it runs on another node; undefined: there is a place, as
 * far as can be told without knowing how much room nodes have. Never there while its pod could be put back on its node.
 */
export function lacksPlace(observed: Observed, member: Member): string | undefined {
  const own = nodeOf(observed, member);
  const where = observed.volumeNodes?.get(member.name);
  if (where === undefined)
    return `it is known on which nodes the volume of ${member.name} can be used (the operator needs the right to list persistentvolumes)`;
  if (own !== undefined && accepts(own, member.pod)) return `node ${own.name} takes no new pods`;
  const fitting = [...(observed.nodes?.values() ?? [])].filter(
    (node) =>
      node.name !== own?.name &&
      node.ready === 'True' &&
      departureOf(node, member.pod) === undefined &&
      accepts(node, member.pod) &&
      (where === 'any' || selects(where, node)) &&
      keepsApart(observed, member, node),
  );
  return fitting.length > 0 ? undefined : `another node can take ${member.name} and its volume`;
}

/** Whether Kubernetes would put the pod there, but for other pods, volumes and room. */
function accepts(node: NodeState, pod: Pod): boolean {
  const { nodeSelector = {}, affinity } = pod.spec ?? {};
  const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;
  const taints = node.taints.filter(({ effect }) => effect !== 'PreferNoSchedule');
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    (!node.unschedulable || tolerates(pod, cordon)) &&
    taints.every((taint) => tolerates(pod, taint)) &&
    Object.entries(nodeSelector).every(([key, value]) => node.labels[key] === value) &&
    (terms === undefined || selects(terms, node))
  );
}

/** Where members must not be together, no other one is there. */
function keepsApart(observed: Observed, member: Member, node: NodeState): boolean {
  const terms =
    member.pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const others = observed.members.filter((each) => each !== member);
  return terms.every(({ topologyKey }) => {
    const domain = node.labels[topologyKey];
    return (
      domain === undefined || others.every((other) => nodeOf(observed, other)?.labels[topologyKey] !== domain)
    );
  });
}
