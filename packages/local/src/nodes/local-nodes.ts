import { nodes as nodeResource } from '@pgherd/kube/objects';
import type { Clock } from '@pgherd/kube/objects';
import type { Logger } from 'pino';
import type { TokenIssuer } from '../auth/auth.ts';
import type { Engine } from '../engine/engine.ts';
import type { HostFacts } from '../engine/probe-host.ts';
import { usedNetworks } from '../instance/used-networks.ts';
import type { Instance } from '../instance/instance.ts';
import { saveInstance } from '../instance/load.ts';
import { instanceOf, placesOf, withNodes, withoutNode, type NodePlace } from '../instance/node-place.ts';
import { cutMore, reachesApi, type CutTarget, type Cuts, type Direction } from '../network/cuts.ts';
import type { Network, NodeNetwork } from '../network/network.ts';
import { addProbeAddress } from '../network/bridge.ts';
import { removeNodeNetwork } from '../network/reset.ts';
import { probeAddress } from '../network/ruleset.ts';
import { startNodeAgent, type NodeAgent } from '../node/agent.ts';
import { ApiLink } from '../node/api-link.ts';
import { RENEW_MS } from '../node/lease.ts';
import { findObject } from '../node/object-source.ts';
import type { NodeProxy } from '../node/node-proxy.ts';
import { killContainersOf, removeContainersOf } from '../node/stop-containers.ts';
import { removeNodeDirectories } from '../node/volumes/pod-directories.ts';
import type { Registry } from '../registry/registry.ts';
import { NodeError } from './node-error.ts';
import type { NodeStates } from './node-states.ts';
import { obstaclesToRemoval } from './obstacles.ts';
import { routedProxy } from './routed-proxy.ts';

/** What the nodes work with. */
export interface LocalNodesOptions {
  registry: Registry;
  instance: Instance;
  engine: Engine;
  facts: HostFacts;
  tokenIssuer: TokenIssuer;
  caPem: string;
  states: NodeStates;
  clock: Clock;
  log: Logger;
  /** Told after the number of nodes has changed. */
  onCount: (count: number) => void;
}

/** A node as `pgherd local node list` shows it. */
export interface NodeView {
  name: string;
  address: string;
  podSubnet: string;
  zone?: string;
  isOn: boolean;
  cuts: Cuts;
}

/**
 * The nodes of an instance: for each an agent, with a link of its own to the API server, and a network of its own. One thing
 * is done at a time.
 */
export class LocalNodes {
  readonly #options: LocalNodesOptions;
  readonly #links = new Map<string, ApiLink>();
  readonly #agents = new Map<string, NodeAgent>();
  #instance: Instance;
  #network: Network | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LocalNodesOptions) {
    this.#options = options;
    this.#instance = options.instance;
  }

  /** For the network: all nodes with what they are cut off from. */
  networks(): NodeNetwork[] {
    return this.#places().map((place) => ({ place, cuts: this.#options.states.of(place.name).cuts }));
  }

  /** Logs, exec and the like of all pods, whatever node they are on. */
  get proxy(): NodeProxy {
    return routedProxy(this.#options.registry, (name) => {
      const place = this.#places().find((each) => each.name === name) ?? this.#places()[0];
      if (place === undefined) return { address: '' };
      const agent = this.#linkOf(place.name).isUp ? this.#agents.get(place.name) : undefined;
      return { address: place.gateway, ...(agent === undefined ? {} : { agent }) };
    });
  }

  /** Starts the agents, once the network stands. One whose node is off or hears nothing starts when that is over. */
  async start(network: Network): Promise<void> {
    this.#network = network;
    for (const place of this.#places()) await this.#startAgent(place);
    this.#options.onCount(this.#places().length);
  }

  list(): NodeView[] {
    return this.#places().map(({ name, gateway, podSubnet, zone }) => {
      const { isOff, cuts } = this.#options.states.of(name);
      return {
        name,
        address: gateway,
        podSubnet,
        ...(zone === undefined ? {} : { zone }),
        isOn: !isOff,
        cuts,
      };
    });
  }

  /** Adds nodes until there are `count`; never takes one away. Answers the names of new ones. */
  ensure(wanted: { count: number; zones?: readonly string[] }): Promise<string[]> {
    return this.#inTurn(async () => {
      const known = new Set(this.#places().map(({ name }) => name));
      if (wanted.count < known.size) {
        throw new NodeError(
          409,
          `there are ${known.size} nodes, and --nodes never takes one away: \`pgherd local node remove NAME\` does, ` +
            'once nothing runs there',
        );
      }
      const used = wanted.count > known.size ? await usedNetworks(this.#options.engine) : [];
      this.#instance = withNodes(this.#instance, wanted, used);
      saveInstance(this.#instance);
      await this.#network?.nodesChanged();
      const added = this.#places().filter(({ name }) => !known.has(name));
      if (this.#network !== undefined) {
        for (const place of added) await this.#startAgent(place);
        for (const agent of this.#agents.values()) agent.report();
        this.#options.onCount(this.#places().length);
      }
      return added.map(({ name }) => name);
    });
  }

  /** Cuts a node off. */
  cut(name: string, target: CutTarget, direction: Direction): Promise<void> {
    return this.#inTurn(async () => {
      const state = this.#options.states.of(this.#place(name).name);
      await this.#applyCuts(name, cutMore(state.cuts, target, direction));
    });
  }

  /** Ends all cuts of a node. */
  heal(name: string): Promise<void> {
    return this.#inTurn(() => this.#applyCuts(this.#place(name).name, {}));
  }

  /** As if its power went: agent and containers are gone at once, and nobody is told. Its disks stay. */
  powerOff(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const place = this.#place(name);
      const { states } = this.#options;
      states.set(name, { ...states.of(name), isOff: true });
      await this.#kill(place);
    });
  }

  /** Its agent starts, and starts the containers of the pods that are still its own. */
  powerOn(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const place = this.#place(name);
      const { states } = this.#options;
      states.set(name, { ...states.of(name), isOff: false });
      if (!this.#agents.has(name)) await this.#startAgent(place);
    });
  }

  /** Takes a node out for good. Throws while something would be lost with it. */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const place = this.#place(name);
      const { registry, engine, instance, states } = this.#options;
      if (place.index === 0) throw new NodeError(409, `${name} is the first node, which every instance has`);
      const obstacles = obstaclesToRemoval(registry, name);
      if (obstacles.length > 0) {
        throw new NodeError(
          409,
          `${name} is still needed: ${obstacles.slice(0, 5).join('; ')}${obstacles.length > 5 ? '; …' : ''}. Drain it ` +
            '(`kubectl drain`), and delete claims whose data nobody needs',
        );
      }
      await this.#kill(place);
      await removeContainersOf(engine, instance, { name, isFirst: false });
      if (findObject(registry, nodeResource, undefined, name) !== undefined) {
        registry.delete(nodeResource, undefined, name);
      }
      this.#instance = withoutNode(this.#instance, name);
      saveInstance(this.#instance);
      states.forget(name);
      this.#links.delete(name);
      await this.#network?.nodesChanged();
      await removeNodeNetwork(this.#instance, place, engine);
      await removeNodeDirectories(instance.home, name);
      this.#options.onCount(this.#places().length);
    });
  }

  /** Ends the agents; with `pods` their pods too, each with its grace. */
  stop(how: { pods: boolean }): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all([...this.#agents.values()].map((agent) => agent.stop(how)));
      this.#agents.clear();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #places(): NodePlace[] {
    return placesOf(this.#instance);
  }

  #place(name: string): NodePlace {
    const place = this.#places().find((each) => each.name === name);
    if (place !== undefined) return place;
    const names = this.#places().map((each) => each.name);
    throw new NodeError(404, `there is no node ${name}; there are ${names.join(', ')}`);
  }

  #linkOf(name: string): ApiLink {
    const link = this.#links.get(name) ?? new ApiLink(this.#options.registry, name);
    this.#links.set(name, link);
    return link;
  }

  async #startAgent(place: NodePlace): Promise<void> {
    const { states, clock, log, engine, facts, tokenIssuer, caPem } = this.#options;
    const { isOff, cuts } = states.of(place.name);
    if (isCutFromClients(cuts)) await addProbeAddress(place, probeAddress(place.index));
    if (isOff || !reachesApi(cuts)) {
      log.info({ node: place.name, isOff, cuts }, 'the agent of this node is not started');
      return;
    }
    const link = this.#linkOf(place.name);
    link.heal();
    const agent = await startNodeAgent({
      registry: link.registry,
      tokenIssuer: link.tokens(tokenIssuer),
      instance: instanceOf(this.#instance, place),
      engine,
      facts,
      caPem,
      clock,
      log,
      dns: { server: this.#instance.gateway, clusterDomain: 'cluster.local' },
      node: {
        index: place.index,
        zone: () => this.#places().find(({ name }) => name === place.name)?.zone,
      },
      onSandboxStarted: async () => this.#network?.onSandboxStarted(),
      renewMs: () => Math.min(RENEW_MS, states.graceMs / 4),
      statusDelayMs: () => states.statusDelayMs,
      probeAddress: () =>
        isCutFromClients(states.of(place.name).cuts) ? probeAddress(place.index) : undefined,
    });
    this.#agents.set(place.name, agent);
  }

  /** Packets first when a cut ends, the agent first when it begins: what it says must not be newer than what others see. */
  async #applyCuts(name: string, cuts: Cuts): Promise<void> {
    const { states } = this.#options;
    const place = this.#place(name);
    const link = this.#linkOf(name);
    if (!reachesApi(cuts)) link.cut();
    if (isCutFromClients(cuts)) await addProbeAddress(place, probeAddress(place.index));
    states.set(name, { ...states.of(name), cuts });
    await this.#network?.nodesChanged();
    if (!reachesApi(cuts) || states.of(name).isOff) return;
    const agent = this.#agents.get(name);
    if (agent === undefined) {
      await this.#startAgent(place);
      return;
    }
    if (link.isUp) return;
    link.heal();
    agent.report();
  }

  async #kill(place: NodePlace): Promise<void> {
    const { engine, instance } = this.#options;
    const own = { name: place.name, isFirst: place.index === 0 };
    // Nobody hears of it.
    this.#linkOf(place.name).cut();
    const agent = this.#agents.get(place.name);
    this.#agents.delete(place.name);
    const stopped = agent?.stop();
    await killContainersOf(engine, instance, own);
    await stopped;
    // One that was being made may have come later.
    await killContainersOf(engine, instance, own);
  }
}

function isCutFromClients(cuts: Cuts): boolean {
  return cuts.clients !== undefined || cuts.all !== undefined;
}
