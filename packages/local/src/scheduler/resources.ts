import { quantityNumber } from '@pgherd/kube/objects';
import type { Container, Node, Pod } from '@pgherd/kube/objects';

/** A quantity as a number. The registry has validated it: what is none counts as nothing. */
const amountOf = (quantity: string | number): number => quantityNumber(quantity) ?? 0;

/** What a container without requests counts as when nodes are rated: Kubernetes' numbers, cores and bytes. */
const ASSUMED: Readonly<Record<string, number>> = { cpu: 0.1, memory: 200 * 1024 * 1024 };

/** Every reason why the pod's requests do not fit beside those of the pods that are on the node. */
export function resourceMisfits(pod: Pod, node: Node, placed: readonly Pod[]): string[] {
  const reasons: string[] = [];
  const allocatable = node.status?.allocatable ?? {};
  if (placed.length + 1 > Number(allocatable['pods'] ?? Number.POSITIVE_INFINITY))
    reasons.push('Too many pods');
  for (const resource of resourcesOf(pod)) {
    const wanted = requestOf(pod, resource);
    if (wanted === 0) continue;
    // What the node does not offer at all, e.g. huge pages or a device, is there in the amount of none.
    const taken = placed.reduce((sum, other) => sum + requestOf(other, resource), 0);
    if (taken + wanted > amountOf(allocatable[resource] ?? '0')) reasons.push(`Insufficient ${resource}`);
  }
  return reasons;
}

/**
 * How good the node is for the pod by the room that is left, 0 to 200: the emptier the better, and the better the more
 * alike processors and memory are used.
 */
export function roomScore(pod: Pod, node: Node, placed: readonly Pod[]): number {
  const used = ['cpu', 'memory'].map((resource) => {
    const there = amountOf(node.status?.allocatable?.[resource] ?? '0');
    const taken = [...placed, pod].reduce((sum, each) => sum + requestOf(each, resource, ASSUMED), 0);
    return there === 0 ? 1 : Math.min(1, taken / there);
  });
  const [cpu = 1, memory = 1] = used;
  return 100 * (1 - (cpu + memory) / 2) + 100 * (1 - Math.abs(cpu - memory) / 2);
}

function resourcesOf(pod: Pod): Set<string> {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return new Set(
    all.flatMap(({ resources }) =>
      Object.keys({ ...resources?.requests, ...resources?.limits }).filter(
        // Room on the disk is not accounted for.
        (name) => name !== 'ephemeral-storage',
      ),
    ),
  );
}

/** What the pod takes at most at one time: sidecars run beside its containers and beside later init containers. */
export function requestOf(
  pod: Pod,
  resource: string,
  assumed: Readonly<Record<string, number>> = {},
): number {
  const of = ({ resources }: Container): number => {
    const asked = resources?.requests?.[resource] ?? resources?.limits?.[resource];
    return asked === undefined ? (assumed[resource] ?? 0) : amountOf(asked);
  };
  const apps = (pod.spec?.containers ?? []).reduce((sum, each) => sum + of(each), 0);
  let sidecars = 0;
  let most = 0;
  for (const init of pod.spec?.initContainers ?? []) {
    most = Math.max(most, sidecars + of(init));
    if ((init as { restartPolicy?: string }).restartPolicy === 'Always') sidecars += of(init);
  }
  return Math.max(apps + sidecars, most);
}
