import { availableParallelism, arch, hostname, totalmem } from 'node:os';
import { readFileSync, statfsSync } from 'node:fs';
import { nodes } from '@pgherd/kube/objects';
import type { Clock, Node } from '@pgherd/kube/objects';
import type { Registry } from '../registry/registry.ts';
import { findObject } from './object-source.ts';
import { toSeconds } from './status.ts';

/** Most pods on one node, Kubernetes' default. */
const MAX_PODS = 110;

export interface NodeDescription {
  nodeName: string;
  hostIp: string;
  home: string;
  podSubnet: string;
  zone?: string;
  /** As `kubectl get nodes -o wide` shows it, e.g. `podman://4.3.1`. */
  runtimeVersion: string;
}

/** What this machine gives to pods: all of it, `cpu` in cores, `memory` in bytes. */
export function machineCapacity(): { cpu: number; memory: number } {
  return { cpu: availableParallelism(), memory: totalmem() };
}

/** Registers this machine as the node, or brings its object up to date; labels and taints of others stay. */
export function registerNode(registry: Registry, description: NodeDescription, clock: Clock): void {
  const { nodeName, podSubnet } = description;
  const labels = {
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': goArch(),
    ...(description.zone === undefined ? {} : { 'topology.kubernetes.io/zone': description.zone }),
  };
  const existing = findObject(registry, nodes, undefined, nodeName);
  if (existing === undefined) {
    registry.create(nodes, undefined, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: nodeName, labels },
      spec: { podCIDR: podSubnet, podCIDRs: [podSubnet] },
    });
  } else if (Object.entries(labels).some(([key, value]) => existing.metadata.labels?.[key] !== value)) {
    registry.patch(nodes, undefined, nodeName, 'application/merge-patch+json', { metadata: { labels } });
  }
  const current = structuredClone(registry.get(nodes, undefined, nodeName)) as Node;
  const next = { ...current, status: nodeStatus(description, current, clock.now()) };
  registry.update(nodes, undefined, nodeName, next, { subresource: 'status' });
}

function nodeStatus(description: NodeDescription, current: Node, now: number): object {
  const { cpu, memory } = machineCapacity();
  const disk = statfsSync(description.home);
  const capacity = {
    cpu: String(cpu),
    memory: `${Math.floor(memory / 1024)}Ki`,
    pods: String(MAX_PODS),
    'ephemeral-storage': `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki`,
  };
  const conditions: [string, string, string, string][] = [
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ];
  return {
    ...current.status,
    capacity,
    allocatable: capacity,
    conditions: conditions.map(([type, status, reason, message]) => {
      const old = current.status?.conditions?.find((each) => each.type === type);
      const since = old?.status === status ? old.lastTransitionTime : undefined;
      return {
        type,
        status,
        reason,
        message,
        lastHeartbeatTime: toSeconds(now),
        lastTransitionTime: since ?? toSeconds(now),
      };
    }),
    addresses: [
      { type: 'InternalIP', address: description.hostIp },
      { type: 'Hostname', address: description.nodeName },
    ],
    nodeInfo: {
      architecture: goArch(),
      bootID: read('/proc/sys/kernel/random/boot_id'),
      containerRuntimeVersion: description.runtimeVersion,
      kernelVersion: read('/proc/sys/kernel/osrelease'),
      kubeProxyVersion: '',
      kubeletVersion: KUBELET_VERSION,
      machineID: read('/etc/machine-id'),
      operatingSystem: 'linux',
      osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(read('/etc/os-release'))?.[1] ?? hostname(),
      systemUUID: '',
    },
  };
}

/** The Kubernetes version whose behaviour the node agent follows. */
const KUBELET_VERSION = 'v1.32.4';

/** Kubernetes names architectures as Go does. */
function goArch(): string {
  return arch() === 'x64' ? 'amd64' : arch();
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
