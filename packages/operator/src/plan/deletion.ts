import type { Configuration } from '@pgherd/api';
import type { KubeObject, Secret } from '@pgherd/kube/objects';
import { patroniObjectNames, type PatroniStore } from '@pgherd/patroni';
import { kinds, objectKey, type Kind } from '../kinds.ts';
import {
  criticalBudgetName,
  ordinalOf,
  patroniApiSecretName,
  patroniConfigServiceName,
  primaryBudgetName,
  primaryServiceName,
  replicaServiceName,
} from '../names.ts';
import { find, type Observed } from '../observe/observed.ts';
import { allOf, isRoleSecret, partsOf, type Found } from './parts.ts';
import { removalStep } from './removal.ts';
import type { Plan, Step } from './step.ts';

/**
 * Removes what a cluster consists of. Pods go first: a Patroni that still runs would make its objects again, and a
 * pod that still stops needs its Secrets. The finalizer goes when nothing is left.
 */
export function planDeletion(configuration: Configuration, observed: Observed): Plan {
  const steps: Step[] = [];
  const statefulSet = find(observed, kinds.statefulSet, observed.name);
  if (statefulSet !== undefined) steps.push(deleteStep(kinds.statefulSet, observed, statefulSet));
  else steps.push(...orphans(observed));
  const pods = observed.members.map(({ name }) => name);
  const rest = leftovers(configuration, observed).map(({ kind, object }) =>
    deleteStep(kind, observed, object),
  );
  // What somebody else's finalizer holds back must not hold back the rest.
  rest.sort((a, b) => Number(a.waitFor !== undefined) - Number(b.waitFor !== undefined));
  const [first] = rest;
  if (first !== undefined && (pods.length > 0 || statefulSet !== undefined)) {
    first.waitFor = pods.length > 0 ? `pods ${pods.join(', ')} are gone` : 'the StatefulSet is gone';
  }
  steps.push(...rest);
  return steps.length > 0 ? { tracks: [{ name: 'deletion', steps }] } : { tracks: [] };
}

/** Pods that no controller will remove, because their StatefulSet was taken away from under them. */
function orphans(observed: Observed): Step[] {
  return observed.members
    .filter(({ deleting, pod }) => !deleting && (pod.metadata.ownerReferences ?? []).length === 0)
    .map(({ pod }) => deleteStep(kinds.pod, observed, pod as KubeObject));
}

function leftovers(configuration: Configuration, observed: Observed): Found[] {
  const { name, namespace } = observed;
  const named = (kind: Kind, names: string[]) =>
    names.flatMap((each) => {
      const object = observed.objects.get(objectKey(kind, namespace, each));
      return object === undefined ? [] : [{ kind, object }];
    });
  const patroni = (store: PatroniStore) => Object.values(patroniObjectNames(name, store));
  const parts = partsOf(configuration, observed).filter(({ object }) => !isRole(object));
  function isRole(object: KubeObject): boolean {
    return isRoleSecret(configuration, name, object as Secret);
  }
  return [
    ...parts,
    ...named(kinds.podDisruptionBudget, [primaryBudgetName(configuration, name), criticalBudgetName(name)]),
    ...named(kinds.service, [
      primaryServiceName(name),
      replicaServiceName(name),
      patroniConfigServiceName(name),
    ]),
    // Nobody outside the cluster uses it.
    ...named(kinds.secret, [patroniApiSecretName(name)]),
    // The Endpoints of a Service go with it, those of Patroni do not.
    ...named(kinds.endpoints, [...patroni('endpoints'), replicaServiceName(name)]),
    ...named(kinds.configMap, patroni('configmaps')),
    ...(configuration.enable_secrets_deletion
      ? allOf(observed, kinds.secret).filter(({ object }) => isRole(object))
      : []),
    ...(configuration.enable_persistent_volume_claim_deletion
      ? allOf(observed, kinds.claim).filter(({ object }) => isDataClaim(name, object.metadata.name ?? ''))
      : []),
  ];
}

function isDataClaim(cluster: string, claim: string): boolean {
  return claim.startsWith('pgdata-') && ordinalOf(cluster, claim.slice('pgdata-'.length)) !== undefined;
}

function deleteStep(kind: Kind, observed: Observed, object: KubeObject): Step {
  const why =
    kind === kinds.claim
      ? 'enable_persistent_volume_claim_deletion: what is on the volume is lost'
      : 'the manifest was deleted';
  const step = removalStep({ kind, object }, observed, why);
  return kind === kinds.statefulSet ? { ...step, disturbs: 'downtime' } : step;
}
