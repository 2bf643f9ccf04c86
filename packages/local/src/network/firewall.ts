import type { Instance } from '../instance/instance.ts';
import { CommandError, run } from './command.ts';

/** A chain of somebody else that drops what no rule of it accepts. */
export interface DroppingChain {
  family: string;
  table: string;
  chain: string;
  hook: 'input' | 'forward';
}

/** Chains with policy drop that packets of pods pass, in the answer of `nft -j list chains`. */
export function droppingChains(answer: unknown): DroppingChain[] {
  const items = (answer as { nftables?: { chain?: Record<string, unknown> }[] }).nftables ?? [];
  return items.flatMap(({ chain }) => {
    const hook = chain?.['hook'];
    if (chain === undefined || chain['policy'] !== 'drop' || (hook !== 'input' && hook !== 'forward'))
      return [];
    if (chain['family'] !== 'ip' && chain['family'] !== 'inet') return [];
    return [{ family: chain['family'], table: String(chain['table']), chain: String(chain['name']), hook }];
  });
}

/** What pods need of the host: the API server and DNS, and that packets pass between them and outwards. */
export function acceptRules(instance: Instance, hook: 'input' | 'forward'): string[][] {
  const mark = ['-m', 'comment', '--comment', `pgherd ${instance.id}`, '-j', 'ACCEPT'];
  if (hook === 'input') {
    const to = ['-i', instance.bridgeName, '-d', instance.gateway];
    return [
      [...to, '-p', 'tcp', '--dport', String(instance.apiPort), ...mark],
      [...to, '-p', 'tcp', '--dport', '53', ...mark],
      [...to, '-p', 'udp', '--dport', '53', ...mark],
    ];
  }
  return [
    ['-i', instance.bridgeName, ...mark],
    ['-o', instance.bridgeName, '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', ...mark],
  ];
}

/**
 * Opens a firewall that would drop the packets of pods, where it is iptables' own table (Docker and ufw make
 * such ones): in nftables nobody else's table can accept on its behalf. Answers the chains that a person has
 * to open, each with the instance's needs in words.
 */
export async function openFirewall(instance: Instance): Promise<string[]> {
  const closed: string[] = [];
  for (const chain of droppingChains(JSON.parse(await run('nft', ['-j', 'list', 'chains'])))) {
    const name = chain.hook === 'input' ? 'INPUT' : 'FORWARD';
    const isIptables = chain.family === 'ip' && chain.table === 'filter' && chain.chain === name;
    if (!isIptables || !(await insertRules(name, acceptRules(instance, chain.hook)))) {
      const needs =
        chain.hook === 'input'
          ? `ports ${instance.apiPort}/tcp, 53/tcp and 53/udp of ${instance.gateway}`
          : `packets that come from there, and answers to there`;
      closed.push(
        `chain ${chain.chain} of the firewall table ${chain.family} ${chain.table} drops packets of pods: ` +
          `accept on interface ${instance.bridgeName} ${needs}`,
      );
    }
  }
  return closed;
}

async function insertRules(chain: string, rules: string[][]): Promise<boolean> {
  try {
    for (const rule of rules) {
      const exists = await run('iptables', ['-w', '-C', chain, ...rule]).then(
        () => true,
        () => false,
      );
      if (!exists) await run('iptables', ['-w', '-I', chain, ...rule]);
    }
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Takes back what `openFirewall` inserted. */
export async function closeFirewall(instance: Instance): Promise<void> {
  for (const hook of ['input', 'forward'] as const) {
    for (const rule of acceptRules(instance, hook)) {
      await run('iptables', ['-w', '-D', hook.toUpperCase(), ...rule]).catch(() => '');
    }
  }
}
