import type { Container, Pod } from '@pgherd/kube/objects';
import { ContainerConfigError } from './env.ts';
import { expand } from './expand.ts';
import { containerLabels, LABEL } from './labels.ts';
import { PAUSE_IMAGE } from './pause-image.ts';
import { amountOf } from './quantity.ts';
import type { BindMount } from './volumes/mounts.ts';

/** Body of `POST /containers/create`, as far as the agent uses it. */
export interface CreateBody {
  Image: string;
  Labels: Record<string, string>;
  Hostname?: string;
  User?: string;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  StopSignal?: string;
  ExposedPorts?: Record<string, object>;
  HostConfig: Record<string, unknown>;
}

/** What the host and engine say about every container. */
export interface ContainerSettings {
  instanceId: string;
  networkName: string;
  /** Where ports of the machine are opened that name no address; '' is everywhere. */
  hostPortAddress: string;
  engine: 'podman' | 'docker';
  ulimits: { nofile: number; nproc: number };
  /** The lowest OOM score adjustment that this process may give. */
  lowestOomScoreAdj: number;
}

/** The sandbox: it holds the pod's network and IPC namespaces, its IP and its host ports. */
export function sandboxBody(
  pod: Pod,
  attempt: number,
  hostname: string,
  settings: ContainerSettings,
): CreateBody {
  const hostNetwork = pod.spec?.hostNetwork === true;
  const ports = hostNetwork ? [] : (pod.spec?.containers ?? []).flatMap((each) => each.ports ?? []);
  const published = ports.filter((port) => port.hostPort !== undefined && port.hostPort !== 0);
  const key = (port: (typeof published)[number]): string =>
    `${port.containerPort}/${(port.protocol ?? 'TCP').toLowerCase()}`;
  return {
    Image: PAUSE_IMAGE,
    Labels: containerLabels(settings.instanceId, pod, attempt),
    StopSignal: 'SIGKILL',
    ...(hostNetwork ? {} : { Hostname: hostname }),
    ...(published.length > 0
      ? { ExposedPorts: Object.fromEntries(published.map((port) => [key(port), {}])) }
      : {}),
    HostConfig: {
      NetworkMode: hostNetwork ? 'host' : settings.networkName,
      IpcMode: 'shareable',
      Ulimits: ulimits(settings),
      Sysctls: Object.fromEntries(
        (pod.spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value]),
      ),
      ...(published.length > 0
        ? {
            PortBindings: Object.fromEntries(
              published.map((port) => [
                key(port),
                [{ HostIp: port.hostIP || settings.hostPortAddress, HostPort: String(port.hostPort) }],
              ]),
            ),
          }
        : {}),
    },
  };
}

/** What the image says, where the pod says nothing. */
export interface ImageConfig {
  User?: string;
}

/** A container of the pod, in the namespaces of its sandbox. Throws `ContainerConfigError`. */
export function containerBody(input: {
  pod: Pod;
  container: Container;
  attempt: number;
  sandboxId: string;
  hostname: string;
  image: ImageConfig;
  env: ReadonlyMap<string, string>;
  mounts: BindMount[];
  settings: ContainerSettings;
}): CreateBody {
  const { pod, container, settings, env } = input;
  const expandAll = (words: string[] | undefined): string[] | undefined =>
    words?.map((word) => expand(word, env));
  const user = userOf(pod, container, input.image);
  const command = expandAll(container.command);
  const args = expandAll(container.args);
  const hostNetwork = pod.spec?.hostNetwork === true;
  return {
    Image: container.image ?? '',
    Labels: containerLabels(settings.instanceId, pod, input.attempt, container),
    // Docker takes the sandbox's name over and refuses one of the container's own.
    ...(settings.engine === 'podman' && !hostNetwork ? { Hostname: input.hostname } : {}),
    ...(user === undefined ? {} : { User: user }),
    Env: [...env].map(([name, value]) => `${name}=${value}`),
    // A command without arguments also drops the image's own arguments.
    ...(command !== undefined && command.length > 0 ? { Entrypoint: command, Cmd: args ?? [] } : {}),
    ...(command === undefined || command.length === 0 ? (args?.length ? { Cmd: args } : {}) : {}),
    ...(container.workingDir ? { WorkingDir: container.workingDir } : {}),
    Tty: container.tty ?? false,
    OpenStdin: container.stdin ?? false,
    StdinOnce: container.stdinOnce ?? false,
    HostConfig: {
      NetworkMode: hostNetwork ? 'host' : `container:${input.sandboxId}`,
      IpcMode: `container:${input.sandboxId}`,
      Mounts: input.mounts,
      Ulimits: ulimits(settings),
      ...security(pod, container),
      ...resources(container),
      OomScoreAdj: Math.max(oomScoreAdj(pod), settings.lowestOomScoreAdj),
    },
  };
}

function ulimits({ ulimits }: ContainerSettings): object[] {
  return Object.entries(ulimits).map(([Name, limit]) => ({ Name, Soft: limit, Hard: limit }));
}

/** `runAsUser[:runAsGroup]`; checks `runAsNonRoot` with kubelet's words. */
function userOf(pod: Pod, container: Container, image: ImageConfig): string | undefined {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const uid = own.runAsUser ?? shared.runAsUser;
  const gid = own.runAsGroup ?? shared.runAsGroup;
  const imageUser = (image.User ?? '').split(':')[0] ?? '';
  if (own.runAsNonRoot ?? shared.runAsNonRoot) {
    const which = `(pod: "${pod.metadata.name ?? ''}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})", container: ${container.name})`;
    if (uid === 0) {
      throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${which}`);
    }
    if (uid === undefined && (imageUser === '' || imageUser === '0' || imageUser === 'root')) {
      throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${which}`);
    }
    if (uid === undefined && !/^\d+$/.test(imageUser)) {
      throw new ContainerConfigError(
        `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${which}`,
      );
    }
  }
  if (uid === undefined && gid === undefined) return undefined;
  const name = uid === undefined ? imageUser || '0' : String(uid);
  return gid === undefined ? name : `${name}:${gid}`;
}

function security(pod: Pod, container: Container): Record<string, unknown> {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const groups = [
    ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
    ...(shared.supplementalGroups ?? []),
  ];
  const profile = own.seccompProfile ?? shared.seccompProfile;
  const appArmor = own.appArmorProfile ?? shared.appArmorProfile;
  const options = [
    ...(own.allowPrivilegeEscalation === false ? ['no-new-privileges'] : []),
    ...(profile?.type === 'Unconfined' ? ['seccomp=unconfined'] : []),
    ...(appArmor?.type === 'Unconfined' ? ['apparmor=unconfined'] : []),
    ...(appArmor?.localhostProfile ? [`apparmor=${appArmor.localhostProfile}`] : []),
  ];
  return {
    GroupAdd: groups.map(String),
    CapAdd: own.capabilities?.add ?? [],
    CapDrop: own.capabilities?.drop ?? [],
    Privileged: own.privileged ?? false,
    ReadonlyRootfs: own.readOnlyRootFilesystem ?? false,
    SecurityOpt: options,
  };
}

/** Kubelet's translation to cgroups: requests become shares, limits become quota and memory limit. */
function resources(container: Container): Record<string, unknown> {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuRequest = requests['cpu'] ?? limits['cpu'];
  const shares = cpuRequest === undefined ? 2 : Math.max(2, Math.floor(amountOf(cpuRequest) * 1024));
  const result: Record<string, unknown> = { CpuShares: shares };
  if (limits['cpu'] !== undefined) {
    result['CpuPeriod'] = 100_000;
    result['CpuQuota'] = Math.max(1000, Math.round(amountOf(limits['cpu']) * 100_000));
  }
  if (limits['memory'] !== undefined) {
    const bytes = Math.floor(amountOf(limits['memory']));
    result['Memory'] = bytes;
    // No swap on top of it, as in Kubernetes.
    result['MemorySwap'] = bytes;
  }
  return result;
}

/** Kubelet's OOM scores by quality of service: best effort goes first, guaranteed last. */
function oomScoreAdj(pod: Pod): number {
  if (pod.status?.qosClass === 'Guaranteed') return -997;
  if (pod.status?.qosClass === 'BestEffort') return 1000;
  return 500;
}

/** The container's name in the pod, from its labels; undefined for a sandbox. */
export function containerOf(labels: Record<string, string>): string | undefined {
  return labels[LABEL.container];
}
