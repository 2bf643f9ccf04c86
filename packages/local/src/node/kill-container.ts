import type { Container, Pod } from '@pgherd/kube/objects';
import type { NodeContext } from './context.ts';
import type { PodContainers } from './pod-containers.ts';
import { perform } from './probe-run.ts';
import type { RuntimeContainer } from './runtime.ts';

/** What is left for SIGTERM when the preStop hook has used up the grace period; kubelet's number. */
const LEAST_GRACE_MS = 2000;
/** How long a killed process may take to vanish before it is killed again. */
const KILL_AGAIN_MS = 5000;

/**
 * Ends a container: preStop hook, SIGTERM (or the image's own stop signal), and SIGKILL when the grace period is
 * over or `hurry` fires. Resolves when it has ended.
 */
export async function killContainer(
  context: NodeContext,
  containers: PodContainers,
  target: { pod: Pod; spec: Container | undefined; container: RuntimeContainer; podIp: string },
  graceMs: number,
  hurry?: AbortSignal,
): Promise<void> {
  const { container, spec, pod, podIp } = target;
  const { engine, runtime, clock, record } = context;
  const deadline = clock.now() + graceMs;
  const preStop = spec?.lifecycle?.preStop;
  if (preStop && spec && graceMs > 0 && hurry?.aborted !== true) {
    const done = perform(
      preStop,
      { engine, container: spec, containerId: container.id, podIp, from: context.probeAddress },
      graceMs,
    );
    const aborted = new Promise<undefined>((resolve) => {
      hurry?.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const outcome = await Promise.race([done, aborted]);
    if (outcome?.ok === false) record(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', spec.name);
  }
  if (graceMs > 0 && hurry?.aborted !== true) {
    await runtime.signal(container.id, await stopSignal(context, container.id));
    const left = Math.max(deadline - clock.now(), preStop ? LEAST_GRACE_MS : 0);
    if (await containers.exited(container.id, left, hurry)) return;
  }
  do {
    await runtime.signal(container.id, 'SIGKILL');
  } while (!(await containers.exited(container.id, KILL_AGAIN_MS)));
}

/** The image's stop signal; engines say it as name or as number. */
async function stopSignal({ engine }: NodeContext, id: string): Promise<string> {
  const found = await engine
    .request<{ Config?: { StopSignal?: string | number } }>('GET', `/containers/${id}/json`)
    .catch(() => undefined);
  const signal = String(found?.Config?.StopSignal ?? '');
  return signal === '' || signal === '0' ? 'SIGTERM' : signal;
}
