import { pods } from '@pgherd/kube/objects';
import { CommandError, exitCode } from '../exit-code.ts';
import { findLabels } from './labels.ts';
import type { Target } from './target.ts';

/** Name of the pod that carries the primary's label and is not about to go; exit code 3 when there is none. */
export async function primaryPod(target: Target, name: string): Promise<string> {
  const { selector, roleLabel } = await findLabels(target, name);
  const labelSelector = `${selector},${roleLabel} in (master, primary)`;
  const { items } = await target.client.list(pods, { namespace: target.namespace, labelSelector });
  const pod = items.find((item) => item.metadata?.deletionTimestamp === undefined);
  if (pod?.metadata?.name === undefined) {
    throw new CommandError(
      `cluster ${name} has no primary at the moment; \`pgherd show ${name}\` says more`,
      exitCode.notFound,
    );
  }
  return pod.metadata.name;
}
