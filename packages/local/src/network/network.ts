import type { Clock } from '@pgherd/kube/objects';
import type { Logger } from 'pino';
import type { Engine } from '../engine/engine.ts';
import type { Instance } from '../instance/instance.ts';
import { publishApiServer, type EndpointsWriter } from './api-server-endpoints.ts';
import {
  bridgeStands,
  deviceExists,
  enableBridgeNetfilter,
  enableForwarding,
  enableHairpin,
  ensureBridge,
  removeBridge,
} from './bridge.ts';
import { run } from './command.ts';
import { forgetFlows, staleFlows } from './conntrack.ts';
import { createEngineNetwork, engineNetworkExists } from './engine-network.ts';
import { openFirewall } from './firewall.ts';
import { mirror, type Source } from '../registry/mirror.ts';
import { endpointSliceResource, endpointsResource, serviceResource } from './resources.ts';
import { renderRuleset, tableName } from './ruleset.ts';
import { rulesWriter } from './rules-writer.ts';
import { servicePorts, type ServicePort } from './service-ports.ts';

/** Milliseconds between two looks whether somebody removed the rules or the bridge. */
const checkInterval = 30_000;

/** What the network needs. */
export interface NetworkOptions {
  registry: Source & EndpointsWriter;
  engine: Pick<Engine, 'request' | 'version'>;
  instance: Instance;
  log: Logger;
  clock: Clock;
}

/** The pod network and the cluster IPs of an instance. */
export interface Network {
  /** Makes network, bridge and routes, or what is missing of them. Before a pod is started. */
  ensureNetwork(): Promise<void>;
  /** After the container that holds a pod's network has started. */
  onSandboxStarted(): Promise<void>;
  /** Ends watching. What stands in the kernel stays and goes on working, see `resetNetwork`. */
  stop(): Promise<void>;
}

/**
 * Makes the network, publishes the API server as `default/kubernetes`, and follows Services and Endpoints. When this returns, the gateway's address exists, and
 * the rules are those of the objects that exist now. Throws when the machine cannot (no nftables, no rights,
 * addresses in use), saying which.
 */
export async function startNetwork({
  registry,
  engine,
  instance,
  log,
  clock,
}: NetworkOptions): Promise<Network> {
  let bridgeNetfilter = true;
  let written: { text: string; ports: ServicePort[] } = { text: '', ports: [] };
  let stopped = false;

  const makeNetwork = async (): Promise<void> => {
    if (!(await engineNetworkExists(engine, instance))) {
      // The engine takes a bridge that exists, but makes no network over addresses that are in use.
      await removeBridge(instance);
      await createEngineNetwork(engine, instance);
    }
    enableForwarding();
    if (!(deviceExists(instance.bridgeName) && (await bridgeStands(instance)))) await ensureBridge(instance);
    bridgeNetfilter = await enableBridgeNetfilter(instance);
    enableHairpin(instance);
  };

  // Pods start at the same time: the second caller gets the first one's result.
  let making: Promise<void> | undefined;
  const ensureNetwork = (): Promise<void> =>
    (making ??= makeNetwork().finally(() => {
      making = undefined;
    }));

  const write = async (): Promise<void> => {
    const ports = servicePorts(services.objects(), endpoints.objects(), slices.objects());
    const text = renderRuleset(ports, instance, { bridgeNetfilter });
    if (text === written.text) return;
    await run('nft', ['-f', '-'], text);
    const stale = staleFlows(written.ports, ports, instance.gateway);
    written = { text, ports };
    await forgetFlows(stale, log);
  };
  const writer = rulesWriter(write, clock, log);

  const follow = (resource: typeof serviceResource): ReturnType<typeof mirror> =>
    mirror(
      registry,
      resource,
      clock,
      () => writer.changed(),
      (reason) => log.warn({ reason }, `the watch of ${resource.plural} ended: listing them again`),
    );
  publishApiServer(registry, instance);
  const services = follow(serviceResource);
  const endpoints = follow(endpointsResource);
  const slices = follow(endpointSliceResource);

  /** Puts back what another program removed, e.g. a firewall that reloads by flushing everything. */
  const check = async (): Promise<void> => {
    if (!(await engineNetworkExists(engine, instance))) {
      log.warn(`the container network ${instance.networkName} was removed: making it again`);
      await ensureNetwork();
    }
    if (!(await bridgeStands(instance))) {
      log.warn(`the bridge ${instance.bridgeName} or its route was removed: making it again`);
      await ensureNetwork();
    }
    try {
      await run('nft', ['list', 'chain', 'ip', tableName(instance), 'prerouting']);
    } catch {
      log.warn(`the nftables table ${tableName(instance)} was removed: writing it again`);
      if (stopped) return;
      written = { text: '', ports: written.ports };
      await writer.writeNow();
      await openFirewall(instance);
    }
  };
  let cancelCheck = (): void => {};
  let checking: Promise<void> = Promise.resolve();
  const scheduleCheck = (): void => {
    if (stopped) return;
    cancelCheck = clock.after(checkInterval, () => {
      checking = check()
        .catch((error: unknown) => log.error({ err: error }, 'cannot repair the network; trying again'))
        .finally(scheduleCheck);
    });
  };

  const stop = async (): Promise<void> => {
    stopped = true;
    cancelCheck();
    await checking;
    await making?.catch(() => {});
    for (const each of [services, endpoints, slices]) each.close();
    await writer.stop();
  };

  try {
    await ensureNetwork();
    await writer.writeNow();
    for (const problem of await openFirewall(instance)) log.warn(problem);
  } catch (error) {
    await stop();
    throw error;
  }
  if (!bridgeNetfilter) {
    log.warn('the kernel has no br_netfilter: pods see the gateway as the client of their Services');
  }
  scheduleCheck();

  return {
    ensureNetwork,
    onSandboxStarted: async () => {
      if (!(await bridgeStands(instance))) await ensureNetwork();
      else enableHairpin(instance);
    },
    stop,
  };
}
