import type { NodePlace } from './node-place.ts';

/**
 * One instance of the local engine: everything that makes two of them on one machine never meet.
 * Chosen at first start, kept in `$PGHERD_HOME/instance.json`, the same for ever after.
 */
export interface Instance {
  /** Six lower-case hex digits derived from the real path of `home`; part of every name outside `home`. */
  id: string;
  /** Absolute path of `PGHERD_HOME`. */
  home: string;
  /** Loopback port of the API server, and the same port on the bridge's gateway address. */
  apiPort: number;
  /** Name of the container network and of its bridge device, e.g. `pgherd-1a2b3c` / `pgh1a2b3c`. */
  networkName: string;
  bridgeName: string;
  /** Pod network, e.g. `10.213.7.0/24`; the gateway (the host) is its first address. */
  podSubnet: string;
  gateway: string;
  /** Range of cluster IPs, e.g. `10.214.7.0/24`; its first address is the Service `default/kubernetes`. */
  serviceSubnet: string;
  kubernetesServiceIp: string;
  /** The first node's name as `kubectl get nodes` shows it. */
  nodeName: string;
  /** The first node's zone. */
  zone?: string;
  /** The nodes besides the first; absent in an instance that never had more. */
  nodes?: NodePlace[];
}
