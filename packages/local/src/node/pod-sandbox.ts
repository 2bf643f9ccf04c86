import type { Pod } from '@pgherd/kube/objects';
import { sandboxBody } from './container-spec.ts';
import type { NodeContext } from './context.ts';
import { podHostname } from './dns-files.ts';
import { containerName } from './labels.ts';
import type { PodContainers } from './pod-containers.ts';
import type { RuntimeContainer } from './runtime.ts';

/** Makes and starts the pod's sandbox. Throws with an event written when that fails. */
export async function startSandbox(
  context: NodeContext,
  pod: Pod,
  attempt: number,
): Promise<RuntimeContainer> {
  const { runtime, record, settings, dns, onSandboxStarted } = context;
  try {
    const { hostname } = podHostname(pod, dns.clusterDomain);
    const body = sandboxBody(pod, attempt, hostname, settings);
    const sandbox = await runtime.run(containerName(settings.instanceId, pod, attempt), body);
    if (sandbox.startError !== undefined) {
      await runtime.remove(sandbox.id);
      throw new Error(sandbox.startError);
    }
    await onSandboxStarted?.({ podUid: pod.metadata.uid ?? '', ip: sandbox.ip, containerId: sandbox.id });
    return sandbox;
  } catch (error) {
    record(
      pod,
      'Warning',
      'FailedCreatePodSandBox',
      `Failed to create pod sandbox: ${(error as Error).message}`,
    );
    throw error;
  }
}

/** Removes all containers of the pod, and then its sandbox: members before the namespace they are in. */
export async function removeContainers(context: NodeContext, containers: PodContainers): Promise<void> {
  const { runtime } = context;
  await Promise.all(
    containers.all().map(async ({ id }) => {
      await runtime.remove(id);
      containers.forget(id);
    }),
  );
  const { sandbox } = containers;
  if (sandbox === undefined) return;
  await runtime.remove(sandbox.id);
  containers.forget(sandbox.id);
}
