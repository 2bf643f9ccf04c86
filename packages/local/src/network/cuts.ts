/** What a node is cut off from. `all` is the other three and the world besides. */
export const cutTargets = ['api', 'pods', 'clients', 'all'] as const;
export type CutTarget = (typeof cutTargets)[number];

/** Which packets are lost: those that come to the node, those that leave it, or both. */
export const directions = ['in', 'out', 'both'] as const;
export type Direction = (typeof directions)[number];

/** What one node is cut off from. */
export type Cuts = Readonly<Partial<Record<CutTarget, Direction>>>;

/** One more cut: the same thing cut in the other direction too is cut in both. */
export function cutMore(cuts: Cuts, target: CutTarget, direction: Direction): Cuts {
  const before = cuts[target];
  return { ...cuts, [target]: before === undefined || before === direction ? direction : 'both' };
}

/** Whether the node's agent can talk to the API server: a connection needs both directions. */
export function reachesApi(cuts: Cuts): boolean {
  return cuts.api === undefined && cuts.all === undefined;
}

/** For people: `all`, `api (in), pods`. */
export function describeCuts(cuts: Cuts): string {
  return cutTargets
    .flatMap((target) => {
      const direction = cuts[target];
      if (direction === undefined) return [];
      return [direction === 'both' ? target : `${target} (${direction})`];
    })
    .join(', ');
}

/** Where the rules of one node's cuts apply. */
export interface CutPlace {
  podSubnet: string;
  /** Pod networks of the other nodes. */
  others: readonly string[];
  apiPort: number;
  /** The agent's own address for probes, which are never cut: the agent is on the node. */
  probeAddress: string;
}

/** The rules that drop the packets of a cut, by the chain that they belong to. */
export interface CutRules {
  forward: string[];
  input: string[];
  output: string[];
}

/**
 * Packets are told apart by the pods' own addresses: what a Service was called by is translated before these chains, and the
 * answer's sender after them. Connections that exist are cut like new ones.
 */
export function cutRules(cuts: Cuts, { podSubnet, others, apiPort, probeAddress }: CutPlace): CutRules {
  const from = `ip saddr ${podSubnet}`;
  const to = `ip daddr ${podSubnet}`;
  const rules: CutRules = { forward: [], input: [], output: [] };
  const cut = (
    target: CutTarget,
    outward: Partial<Record<keyof CutRules, string>>,
    inward: Partial<Record<keyof CutRules, string>>,
  ): void => {
    const direction = cuts[target];
    for (const chain of ['forward', 'input', 'output'] as const) {
      if (direction === 'out' || direction === 'both') push(rules[chain], outward[chain]);
      if (direction === 'in' || direction === 'both') push(rules[chain], inward[chain]);
    }
  };
  cut('api', { input: `${from} tcp dport ${apiPort} drop` }, { output: `${to} tcp sport ${apiPort} drop` });
  // In a cluster the DNS server is a pod somewhere.
  const nodes = others.length === 0 ? undefined : `{ ${others.join(', ')} }`;
  cut(
    'pods',
    {
      input: `${from} meta l4proto { tcp, udp } th dport 53 drop`,
      ...(nodes === undefined ? {} : { forward: `${from} ip daddr ${nodes} drop` }),
    },
    {
      output: `${to} meta l4proto { tcp, udp } th sport 53 drop`,
      ...(nodes === undefined ? {} : { forward: `ip saddr ${nodes} ${to} drop` }),
    },
  );
  cut(
    'clients',
    { input: `${from} ct direction reply ip daddr != ${probeAddress} drop` },
    { output: `${to} ct direction original ip saddr != ${probeAddress} drop` },
  );
  cut(
    'all',
    { forward: `${from} ip daddr != ${podSubnet} drop`, input: `${from} ip daddr != ${probeAddress} drop` },
    { forward: `ip saddr != ${podSubnet} ${to} drop`, output: `${to} ip saddr != ${probeAddress} drop` },
  );
  return rules;
}

function push(list: string[], rule: string | undefined): void {
  if (rule !== undefined) list.push(rule);
}
