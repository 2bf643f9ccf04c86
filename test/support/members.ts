import type { Pod } from '@pgherd/kube/objects';
import type { LocalCluster } from './local-cluster.ts';
import { askPatroni } from './patroni-api.ts';

/** One member at one moment: which pod it is, and which start of PostgreSQL. */
export interface MemberState {
  uid: string;
  /** When PostgreSQL was started, as Patroni tells it. */
  startedAt: string;
}

/** Every member of a cluster by name. Throws while one does not answer. */
export async function memberStates(local: LocalCluster, cluster: string): Promise<Map<string, MemberState>> {
  const states = new Map<string, MemberState>();
  for (const pod of await local.pods(cluster)) {
    states.set(pod.metadata?.name ?? '', { uid: pod.metadata?.uid ?? '', startedAt: await startOf(pod) });
  }
  return states;
}

async function startOf(pod: Pod): Promise<string> {
  const { body } = await askPatroni(pod, 'GET', '/patroni');
  const { postmaster_start_time: start } = JSON.parse(body) as { postmaster_start_time?: string };
  if (start === undefined) throw new Error(`${pod.metadata?.name} has no PostgreSQL that runs`);
  return start;
}

/** What became of the members between two moments, in the order of time: `replace NAME`, `restart NAME`. */
export function disturbances(before: Map<string, MemberState>, after: Map<string, MemberState>): string[] {
  const felt = [...after].flatMap(([name, { uid, startedAt }]) => {
    const old = before.get(name);
    if (old === undefined || old.startedAt === startedAt) return [];
    return [{ at: startedAt, what: `${old.uid === uid ? 'restart' : 'replace'} ${name}` }];
  });
  return felt.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).map(({ what }) => what);
}
