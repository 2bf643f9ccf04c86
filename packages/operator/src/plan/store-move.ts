import { apiVersionOf, type KubeObject, type StatefulSet } from '@pgherd/kube/objects';
import { movedLeader, parseLeader, patroniObjectNames, type PatroniStore } from '@pgherd/patroni';
import { kinds, type Kind } from '../kinds.ts';
import { find, type Observed } from '../observe/observed.ts';
import type { Step } from './step.ts';

/** What Patroni keeps in each object, apart from who holds the lock. A switchover that was asked for is not kept. */
const kept = {
  config: ['config', 'history', 'initialize'],
  sync: ['leader', 'quorum', 'sync_standby'],
  leader: ['failsafe', 'optime', 'retain_slots', 'slots', 'transitions'],
} as const;

/** Never held by anybody in the new store until a member takes it. */
const lock = ['acquireTime', 'leader', 'renewTime', 'ttl'] as const;

/** Seconds after which Patroni would take the lock of a store that was left: ten years. */
const ages = '315360000';

const called: Record<PatroniStore, string> = { endpoints: 'Endpoints', configmaps: 'ConfigMaps' };
const kindOf = (store: PatroniStore): Kind => (store === 'endpoints' ? kinds.endpoints : kinds.configMap);

/**
 * Patroni's state from its present store into `target`, for a cluster without any member: then only one of the two locks
 * can ever be taken. First the state is copied. When all of it is there, the lock of the old store is closed for good, by
 * compare-and-set with the version that was found free; from then on the cluster counts as being in the new one.
 */
export function planStoreMove(target: PatroniStore, observed: Observed): Step[] {
  const source: PatroniStore = target === 'endpoints' ? 'configmaps' : 'endpoints';
  const [from, to] = [patroniObjectNames(observed.name, source), patroniObjectNames(observed.name, target)];
  const old = find(observed, kindOf(source), from.leader);
  if (old === undefined || !isStopped(observed) || parseLeader(old.metadata.annotations).leader !== undefined)
    return [];
  const copies = (['config', 'sync', 'leader'] as const).flatMap((part) => {
    const original = find(observed, kindOf(source), from[part]);
    const present = find(observed, kindOf(target), to[part]);
    const wanted: Record<string, string | null> = {};
    for (const key of kept[part]) wanted[key] = original?.metadata.annotations?.[key] ?? null;
    if (part === 'leader') for (const key of lock) wanted[key] = null;
    const step = copy(
      observed,
      target,
      to[part],
      present,
      wanted,
      original?.metadata.labels ?? old.metadata.labels ?? {},
    );
    return step === undefined ? [] : [step];
  });
  return copies.length > 0 ? lookAgain(copies) : [close(observed, source, target, old)];
}

/** Nobody is to run, nobody does, and nobody is left on the way out. */
function isStopped({ namespace, name, members, objects }: Observed): boolean {
  const { spec, status } = (find({ objects, namespace }, kinds.statefulSet, name) ??
    {}) as Partial<StatefulSet>;
  return members.length === 0 && spec?.replicas === 0 && (status?.replicas ?? 0) === 0;
}

function copy(
  { namespace }: Observed,
  target: PatroniStore,
  name: string,
  present: KubeObject | undefined,
  wanted: Record<string, string | null>,
  labels: Record<string, string>,
): Step | undefined {
  const kind = kindOf(target);
  const why = [`Patroni's state moves to ${called[target]}`];
  const what = `copy Patroni's state into ${kind.kind} ${name}`;
  if (present === undefined) {
    const annotations = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== null));
    const metadata = { namespace, name, labels, annotations: annotations as Record<string, string> };
    const object: KubeObject = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
    return { what, why, disturbs: 'nothing', action: { type: 'create', kind, object } };
  }
  const has = present.metadata.annotations ?? {};
  if (Object.entries(wanted).every(([key, value]) => (has[key] ?? null) === value)) return undefined;
  const metadata = { resourceVersion: present.metadata.resourceVersion, labels, annotations: wanted };
  return {
    what,
    why,
    disturbs: 'nothing',
    action: { type: 'patch', kind, namespace, name, patch: { metadata } },
  };
}

function lookAgain(steps: Step[]): Step[] {
  return steps.map((step, at) => (at === steps.length - 1 ? { ...step, observeAfter: true } : step));
}

function close({ namespace }: Observed, source: PatroniStore, target: PatroniStore, old: KubeObject): Step {
  const kind = kindOf(source);
  const { name = '', resourceVersion } = old.metadata;
  const patch = {
    metadata: { resourceVersion, annotations: { leader: movedLeader[target], ttl: ages } },
    ...(source === 'endpoints' ? { subsets: null } : {}),
  };
  return {
    what: `close the leader lock in ${kind.kind} ${name}`,
    why: [`all of Patroni's state is in ${called[target]}`],
    disturbs: 'nothing',
    action: { type: 'patch', kind, namespace, name, patch },
    observeAfter: true,
  };
}
