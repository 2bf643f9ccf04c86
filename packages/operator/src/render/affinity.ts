import type { Configuration } from '@pgherd/api';
import type { Affinity, NodeAffinity } from '@pgherd/kube/objects';
import { objectLabels, type Labels } from '../labels.ts';
import type { RenderInput } from './input.ts';

type NodeTerm = NonNullable<
  NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];
type NodeRequirement = NonNullable<NodeTerm['matchExpressions']>[number];

/** Which nodes the database pods may run on, and what they keep away from; undefined when anything will do. */
export function affinityOf(input: RenderInput): Affinity | undefined {
  const { manifest, configuration } = input;
  const node = nodeAffinity(configuration, manifest.spec.nodeAffinity);
  const anti = podAntiAffinity(configuration, objectLabels(configuration, manifest));
  const affinity = { ...(node === undefined ? {} : { nodeAffinity: node }), ...anti };
  return Object.keys(affinity).length > 0 ? affinity : undefined;
}

/**
 * The manifest's node affinity joined with `node_readiness_label`: `OR` makes the labels one more way to be fit,
 * `AND` asks for them in every way. Where the manifest requires nothing, the labels alone are required.
 */
export function nodeAffinity(
  configuration: Configuration,
  own: NodeAffinity | undefined,
): NodeAffinity | undefined {
  const ready = readinessRequirements(configuration);
  if (ready.length === 0) return own;
  const terms = own?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const isMet = { matchExpressions: ready };
  const joined: NodeTerm[] =
    terms.length === 0
      ? [isMet]
      : configuration.node_readiness_label_merge === 'AND'
        ? terms.map((term) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), ...ready] }))
        : [...terms, isMet];
  return { ...own, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: joined } };
}

/** Sorted, so that the order of keys in the configuration does not matter. */
function readinessRequirements(configuration: Configuration): NodeRequirement[] {
  return Object.entries(configuration.node_readiness_label)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => ({ key, operator: 'In', values: [value] }));
}

/** Pods with these labels keep away from each other, if `enable_pod_antiaffinity`. */
export function podAntiAffinity(
  configuration: Configuration,
  labels: Labels,
): Pick<Affinity, 'podAntiAffinity'> {
  if (!configuration.enable_pod_antiaffinity) return {};
  const term = {
    labelSelector: { matchLabels: labels },
    topologyKey: configuration.pod_antiaffinity_topology_key,
  };
  return {
    podAntiAffinity: configuration.pod_antiaffinity_preferred_during_scheduling
      ? { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] }
      : { requiredDuringSchedulingIgnoredDuringExecution: [term] },
  };
}
