import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { usePriorityClass } from '../admission/priority.ts';
import { injectServiceAccount, type PodServiceAccount } from '../admission/service-account.ts';
import type { Strategy, Surroundings } from '../definition.ts';
import { forbidden } from '../errors.ts';
import { validatePod, validatePodUpdate } from '../validation/pod.ts';
import { qosClass } from './qos-class.ts';

const ref = { group: '', plural: 'pods' };

interface Spec {
  nodeName?: string;
  terminationGracePeriodSeconds?: number;
  [field: string]: unknown;
}

interface Status {
  phase?: string;
  [field: string]: unknown;
}

const specOf = (object: KubeObject): Spec => (object['spec'] ?? {}) as Spec;
const statusOf = (object: KubeObject): Status => (object['status'] ?? {}) as Status;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const podStrategy: Partial<Strategy> = {
  returnDeleted: true,
  fields: (object) => {
    const spec = specOf(object);
    const status = statusOf(object);
    return {
      'spec.nodeName': text(spec.nodeName),
      'spec.restartPolicy': text(spec['restartPolicy']),
      'spec.schedulerName': text(spec['schedulerName']),
      'spec.serviceAccountName': text(spec['serviceAccountName']),
      'spec.hostNetwork': String(spec['hostNetwork'] === true),
      'status.phase': text(status.phase),
      'status.podIP': text(status['podIP']),
      'status.nominatedNodeName': text(status['nominatedNodeName']),
    };
  },
  prepareCreate: (object) => {
    object['status'] = { phase: 'Pending', qosClass: qosClass(object) };
  },
  admitCreate: (object, around) => {
    useServiceAccount(object, around);
    usePriorityClass(object, around);
    const spec = specOf(object);
    // Kubernetes adds these, so that a node's short trouble does not evict everything.
    const tolerations = (spec['tolerations'] ?? []) as { key?: string; effect?: string; operator?: string }[];
    for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
      const known = tolerations.some(
        (t) => (t.key === key || !t.key) && (t.effect === 'NoExecute' || !t.effect),
      );
      if (!known) {
        tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 } as never);
      }
    }
    object['spec'] = { ...spec, tolerations };
  },
  validate: (object) => validatePod(object),
  validateUpdate: (next, old) => validatePodUpdate(next, old),
  graceSeconds: (object, options) => {
    const phase = statusOf(object).phase;
    // Nobody has to end what no node runs.
    if (!specOf(object).nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
    return options.gracePeriodSeconds ?? specOf(object).terminationGracePeriodSeconds ?? 30;
  },
};

function useServiceAccount(object: KubeObject, around: Surroundings): void {
  const spec = specOf(object);
  const name = text(spec['serviceAccountName']) || text(spec['serviceAccount']) || 'default';
  spec['serviceAccountName'] = name;
  const namespace = object.metadata.namespace ?? '';
  const account = around.store.get('serviceaccounts', namespace, name);
  if (!account) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden(ref, object.metadata.name ?? '', why);
  }
  const injected = injectServiceAccount(object as unknown as Pod, account as unknown as PodServiceAccount);
  object['spec'] = (injected as unknown as KubeObject)['spec'];
}
