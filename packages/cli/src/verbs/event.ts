import { EventRecorder } from '@pgherd/kube/runtime';
import { getCluster, type Target } from '../cluster/target.ts';

/**
 * Tells of what a person did in an event of the cluster, beside those of the operator. Who may not write events is helped
 * all the same: never fails.
 */
export async function tellInEvent(target: Target, name: string, reason: string, what: string): Promise<void> {
  const cluster = await getCluster(target, name).catch(() => undefined);
  if (cluster === undefined) return;
  const about = { ...cluster, apiVersion: 'acid.zalan.do/v1', kind: 'postgresql' };
  const recorder = new EventRecorder({ client: target.client, component: 'pgherd', instance: 'pgherd-cli' });
  recorder.event(about, 'Normal', reason, what);
  await recorder.flush();
}
