import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container, Pod } from '@pgherd/kube/objects';
import { EngineError } from '../engine/engine.ts';
import { containerBody } from './container-spec.ts';
import type { NodeContext } from './context.ts';
import { podHostname } from './dns-files.ts';
import { containerEnv, ContainerConfigError } from './env.ts';
import { FieldRefError } from './field-ref.ts';
import { StartFailure } from './images.ts';
import type { Images } from './images.ts';
import { containerName } from './labels.ts';
import type { RuntimeContainer } from './runtime.ts';
import { terminationFile } from './termination-file.ts';
import { bind, containerMounts } from './volumes/mounts.ts';
import type { BindMount } from './volumes/mounts.ts';
import type { MountedVolume } from './volumes/pod-volumes.ts';

const DEFAULT_TERMINATION_PATH = '/dev/termination-log';

/**
 * Makes one attempt of a container and starts it, with Kubernetes' events. Throws `StartFailure` when it could
 * not even be made; a container that was made but not started is answered with `startError`.
 */
export async function startContainer(
  context: NodeContext,
  images: Images,
  input: {
    pod: Pod;
    container: Container;
    attempt: number;
    sandbox: RuntimeContainer;
    podIp: string;
    volumes: ReadonlyMap<string, MountedVolume>;
  },
): Promise<RuntimeContainer> {
  const { pod, container, attempt, sandbox, podIp } = input;
  const { runtime, record, settings, dns } = context;
  const image = await images.ensure(pod, container);
  let made: RuntimeContainer;
  try {
    const env = containerEnv({
      pod,
      container,
      podIps: podIp === '' ? [] : [podIp],
      node: context.node,
      source: context.source,
    });
    const body = containerBody({
      pod,
      container,
      attempt,
      sandboxId: sandbox.id,
      hostname: podHostname(pod, dns.clusterDomain).hostname,
      image: { User: image.user },
      env,
      mounts: mountsOf(context, input, env),
      settings,
    });
    made = await runtime.run(containerName(settings.instanceId, pod, attempt, container.name), body);
  } catch (error) {
    throw describe(error, pod, container, record);
  }
  record(pod, 'Normal', 'Created', `Created container: ${container.name}`, container.name);
  if (made.startError === undefined) {
    record(pod, 'Normal', 'Started', `Started container ${container.name}`, container.name);
  } else {
    record(pod, 'Warning', 'Failed', `Error: ${made.startError}`, container.name);
  }
  return made;
}

function mountsOf(
  context: NodeContext,
  input: { pod: Pod; container: Container; attempt: number; volumes: ReadonlyMap<string, MountedVolume> },
  env: ReadonlyMap<string, string>,
): BindMount[] {
  const { pod, container, attempt, volumes } = input;
  const directory = context.directories.disk(pod.metadata.uid ?? '');
  const mounts = containerMounts(container, volumes, env);
  const has = (target: string): boolean => mounts.some((mount) => mount.Target === target);
  const add = (source: string, target: string): void => {
    if (!has(target)) mounts.push(bind(source, target));
  };
  add(join(directory, 'hosts'), '/etc/hosts');
  add(join(directory, 'resolv.conf'), '/etc/resolv.conf');
  const file = terminationFile(directory, container.name, attempt);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  // Whatever user the container has, it may write there.
  chmodSync(file, 0o666);
  add(file, container.terminationMessagePath ?? DEFAULT_TERMINATION_PATH);
  return mounts;
}

function describe(error: unknown, pod: Pod, container: Container, record: NodeContext['record']): unknown {
  if (error instanceof ContainerConfigError || error instanceof FieldRefError) {
    record(pod, 'Warning', 'Failed', `Error: ${error.message}`, container.name);
    return new StartFailure('CreateContainerConfigError', error.message);
  }
  if (error instanceof EngineError && error.code > 0) {
    record(pod, 'Warning', 'Failed', `Error: ${error.message}`, container.name);
    return new StartFailure('CreateContainerError', error.message);
  }
  return error;
}
