import { clusterRoles } from '@pgherd/kube/objects';
import type { ClusterRole, PolicyRule } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import { matchesLabelSelector } from '../registry/selectors.ts';
import type { Controller } from './controller.ts';
import { Objects, canonicalJson, sameJson, splitKey } from './objects.ts';

/** Puts together the rules of ClusterRoles that have an `aggregationRule`. */
export function aggregationController(objects: Objects): Controller {
  return {
    name: 'clusterrole-aggregation',
    interests: [
      {
        resource: clusterRoles,
        // Any role may be part of any aggregated one.
        keys: () =>
          objects
            .list(clusterRoles)
            .filter((role) => role.aggregationRule)
            .map(({ metadata }) => `/${metadata.name ?? ''}`),
      },
    ],
    reconcile(key) {
      const role = objects.get(clusterRoles, undefined, splitKey(key)[1]);
      if (!role?.aggregationRule) return done;
      const rules = aggregate(role, objects.list(clusterRoles));
      if (!sameJson(rules, role.rules ?? [])) objects.update(clusterRoles, { ...role, rules });
      return done;
    },
  };
}

/** The rules of all roles that the aggregation rule selects, by their names, each once. */
export function aggregate(role: ClusterRole, all: ClusterRole[]): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const parts = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .filter(({ metadata }) =>
      selectors.some((selector) => matchesLabelSelector(selector, metadata.labels ?? {})),
    )
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  const rules = new Map<string, PolicyRule>();
  for (const rule of parts.flatMap((part) => part.rules ?? [])) rules.set(canonicalJson(rule), rule);
  return [...rules.values()];
}
