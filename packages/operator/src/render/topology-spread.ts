import { isDeepStrictEqual } from 'node:util';
import type { TopologySpreadConstraint } from '@pgherd/kube/objects';
import { selectorLabels } from '../labels.ts';
import { identityOf, type RenderInput } from './input.ts';

/**
 * How the pods are spread. A constraint without a selector counts no pod and so spreads nothing; it gets that of the
 * cluster. Only one that the pods already have stays without: another would replace them for nothing that broke.
 */
export function topologySpreadOf(input: RenderInput): TopologySpreadConstraint[] | undefined {
  const { manifest, configuration, remembered } = input;
  const kept = remembered.statefulSet?.topologySpreadConstraints ?? [];
  const matchLabels = selectorLabels(configuration, identityOf(manifest).name);
  return manifest.spec.topologySpreadConstraints?.map((constraint) => {
    const isKept = kept.some((existing) => isDeepStrictEqual(existing, constraint));
    if (constraint.labelSelector !== undefined || isKept) return constraint;
    return { ...constraint, labelSelector: { matchLabels } };
  });
}
