import type { Clock } from '@pgherd/kube/objects';
import type { Logger } from 'pino';
import type { Engine } from '../engine/engine.ts';
import type { Instance } from '../instance/instance.ts';
import { instanceOf, placesOf, type NodePlace } from '../instance/node-place.ts';
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
import { reachesApi, type Cuts } from './cuts.ts';
import { forgetFlows, staleFlows } from './conntrack.ts';
import { createEngineNetwork, engineNetworkExists } from './engine-network.ts';
import { openFirewall } from './firewall.ts';
import { mirror, type Source } from '../registry/mirror.ts';
import { endpointSliceResource, endpointsResource, serviceResource } from './resources.ts';
import { renderRuleset, tableName, type NodeRules } from './ruleset.ts';
import { rulesWriter } from './rules-writer.ts';
import { servicePorts, type ServicePort } from './service-ports.ts';

/** Milliseconds between two looks whether somebody removed the rules or the bridge. */
const checkInterval = 30_000;

/** What the network needs. */
export interface NetworkOptions {
  registry: Source & EndpointsWriter;
  engine: Pick<Engine, 'request' | 'version'>;
  instance: Instance;
  /** The nodes as they are now; default: all of the instance, and none is cut off. */
  nodes?: () => readonly NodeNetwork[];
  log: Logger;
  clock: Clock;
}

/** One node's network. */
export interface NodeNetwork {
  place: NodePlace;
  cuts: Cuts;
}

/** The pod network and the cluster IPs of an instance. */
export interface Network {
  /** Makes network, bridge and routes, or what is missing of them. Before a pod is started. */
  ensureNetwork(): Promise<void>;
  /** After `nodes` answers something else: makes what is new, and brings the rules into the kernel. */
  nodesChanged(): Promise<void>;
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
  nodes = () => placesOf(instance).map((place) => ({ place, cuts: {} })),
  log,
  clock,
}: NetworkOptions): Promise<Network> {
  /** What nodes that hear nothing from the API server knew last, by name. */
  const frozen = new Map<string, readonly ServicePort[]>();
  const places = (): NodePlace[] => nodes().map(({ place }) => place);
  let bridgeNetfilter = true;
  let written: { text: string; ports: ServicePort[] } = { text: '', ports: [] };
  let stopped = false;

  const makeNetwork = async (): Promise<void> => {
    enableForwarding();
    for (const place of places()) {
      const own = instanceOf(instance, place);
      if (!(await engineNetworkExists(engine, own))) {
        // The engine takes a bridge that exists, but makes no network over addresses that are in use.
        await removeBridge(place);
        await createEngineNetwork(engine, own);
      }
      if (!(deviceExists(place.bridgeName) && (await bridgeStands(instance, place)))) {
        await ensureBridge(instance, place);
      }
      bridgeNetfilter = await enableBridgeNetfilter(place);
      enableHairpin(place);
    }
  };

  // Pods start at the same time: the second caller gets the first one's result.
  let making: Promise<void> | undefined;
  const ensureNetwork = (): Promise<void> =>
    (making ??= makeNetwork().finally(() => {
      making = undefined;
    }));

  const write = async (): Promise<void> => {
    const ports = servicePorts(services.objects(), endpoints.objects(), slices.objects());
    const rules = nodes().map(({ place, cuts }): NodeRules => {
      if (reachesApi(cuts)) {
        frozen.delete(place.name);
        return { place, cuts };
      }
      const known = frozen.get(place.name) ?? ports;
      frozen.set(place.name, known);
      return { place, cuts, frozen: known };
    });
    const text = renderRuleset(ports, instance, { bridgeNetfilter }, rules);
    if (text === written.text) return;
    await run('nft', ['-f', '-'], text);
    const gateways = places().map(({ gateway }) => gateway);
    const stale = staleFlows(written.ports, ports, gateways);
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

  const openFirewalls = async (): Promise<void> => {
    for (const { bridgeName } of places()) {
      for (const problem of await openFirewall({ ...instance, bridgeName })) log.warn(problem);
    }
  };

  /** Puts back what another program removed, e.g. a firewall that reloads by flushing everything. */
  const check = async (): Promise<void> => {
    for (const place of places()) {
      if (!(await engineNetworkExists(engine, instanceOf(instance, place)))) {
        log.warn(`the container network ${place.networkName} was removed: making it again`);
        await ensureNetwork();
      }
      if (!(await bridgeStands(instance, place))) {
        log.warn(`the bridge ${place.bridgeName} or its route was removed: making it again`);
        await ensureNetwork();
      }
    }
    try {
      await run('nft', ['list', 'chain', 'ip', tableName(instance), 'prerouting']);
    } catch {
      log.warn(`the nftables table ${tableName(instance)} was removed: writing it again`);
      if (stopped) return;
      written = { text: '', ports: written.ports };
      await writer.writeNow();
      await openFirewalls();
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
    await openFirewalls();
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
    nodesChanged: async () => {
      // One that is being made may not know of the change.
      await making?.catch(() => {});
      await ensureNetwork();
      await writer.writeNow();
      await openFirewalls();
    },
    onSandboxStarted: async () => {
      const standing = await Promise.all(places().map((place) => bridgeStands(instance, place)));
      if (!standing.every(Boolean)) await ensureNetwork();
      else for (const place of places()) enableHairpin(place);
    },
    stop,
  };
}
