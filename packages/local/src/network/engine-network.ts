import { EngineError, type Engine } from '../engine/engine.ts';
import type { Instance } from '../instance/instance.ts';

type NetworkEngine = Pick<Engine, 'request' | 'version'>;

/** What `GET /networks/NAME` answers, as far as it is read here. */
interface NetworkInspect {
  IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] | null };
}

/** Whether the container engine knows the instance's network. Throws when it is another one of that name. */
export async function engineNetworkExists(engine: NetworkEngine, instance: Instance): Promise<boolean> {
  let network: NetworkInspect;
  try {
    network = await engine.request<NetworkInspect>('GET', `/networks/${instance.networkName}`);
  } catch (error) {
    if (error instanceof EngineError && error.code === 404) return false;
    throw error;
  }
  const subnets = (network.IPAM?.Config ?? []).map(({ Subnet }) => Subnet);
  if (!subnets.includes(instance.podSubnet)) {
    throw new Error(
      `the container network ${instance.networkName} has the addresses ${subnets.join(', ')} instead of ` +
        `${instance.podSubnet}: remove it when no container uses it, it is made again at the next start`,
    );
  }
  return true;
}

/**
 * Makes the instance's network, without the engine's own DNS server: ours listens on the gateway. Only
 * podman's own API (not its Docker-compatible one) can say that; Docker has no server on the gateway.
 */
export async function createEngineNetwork(engine: NetworkEngine, instance: Instance): Promise<void> {
  const { networkName, bridgeName, podSubnet, gateway } = instance;
  const Labels = { 'pgherd.dev/instance': instance.id };
  if ((await engine.version()).engine === 'podman') {
    await engine.request('POST', '/v4.0.0/libpod/networks/create', {
      name: networkName,
      driver: 'bridge',
      network_interface: bridgeName,
      dns_enabled: false,
      subnets: [{ subnet: podSubnet, gateway }],
      labels: Labels,
    });
    return;
  }
  await engine.request('POST', '/networks/create', {
    Name: networkName,
    CheckDuplicate: true,
    Driver: 'bridge',
    IPAM: { Config: [{ Subnet: podSubnet, Gateway: gateway }] },
    Options: { 'com.docker.network.bridge.name': bridgeName },
    Labels,
  });
}

/** Removes the instance's network if there is one. Throws while containers are attached. */
export async function removeEngineNetwork(
  engine: Pick<Engine, 'request'>,
  instance: Pick<Instance, 'networkName'>,
): Promise<void> {
  try {
    await engine.request('DELETE', `/networks/${instance.networkName}`);
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 404)) throw error;
  }
}
