import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { FlakyProxy, type Flakiness } from './flaky-proxy.ts';

/**
 * How the API server is away, for pods and for the operator:
 * - `refused`: connections are reset, those that are open too.
 * - `hanging`: packets are lost without a word, either way, on open connections too.
 * - a `Flakiness`: it answers some requests, and what becomes of the others is said there.
 */
export type Outage = 'refused' | 'hanging' | Flakiness;

/** What is read of `instance.json`. */
interface Place {
  id: string;
  gateway: string;
  apiPort: number;
  kubernetesServiceIp: string;
}

/**
 * Takes the API server of an instance away, until the answered function is called. Only its connections are harmed:
 * nodes, DNS and Services of the instance go on as they would on any Kubernetes.
 */
export async function takeApiServerAway(home: string, outage: Outage): Promise<() => Promise<void>> {
  const place = JSON.parse(readFileSync(join(home, 'instance.json'), 'utf8')) as Place;
  const table = `pgherd_away_${place.id}`;
  const proxy = typeof outage === 'string' ? undefined : await startProxy(home, place, outage);
  nft(rulesOf(table, place, outage, proxy?.address));
  return async () => {
    nft(`table inet ${table} {}\ndelete table inet ${table}\n`);
    await proxy?.close();
  };
}

function rulesOf(
  table: string,
  { gateway, apiPort, kubernetesServiceIp }: Place,
  outage: Outage,
  proxy: AddressInfo | undefined,
): string {
  const refusal = outage === 'hanging' ? 'drop' : 'reject with tcp reset';
  // What the proxy itself asks comes from the gateway's address to the gateway's address.
  const harmed = (there: string, here: string): string => `ip ${there} != ${gateway} tcp ${here} ${apiPort}`;
  const lines = [
    `table inet ${table} {}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ' chain input {',
    '  type filter hook input priority -10',
    `  ${harmed('saddr', 'dport')} ${refusal}`,
    ' }',
  ];
  // An answer that is on its way is lost, too; one that meets a reset ends by itself.
  if (outage === 'hanging')
    lines.push(
      ' chain output {',
      '  type filter hook output priority -10',
      `  ${harmed('daddr', 'sport')} drop`,
      ' }',
    );
  if (proxy !== undefined) {
    const there = `ip daddr . tcp dport { ${kubernetesServiceIp} . 443, ${gateway} . ${apiPort} }`;
    const chain = (hook: string, match: string): string[] => [
      ` chain ${hook}_nat {`,
      // Before the rules of Services: the first translation is the one that counts.
      `  type nat hook ${hook} priority -110`,
      `  ${match} redirect to :${proxy.port}`,
      ' }',
    ];
    lines.push(...chain('prerouting', there), ...chain('output', `ip daddr 127.0.0.1 tcp dport ${apiPort}`));
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function nft(script: string): void {
  const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: script, encoding: 'utf8' });
  if (status !== 0) throw new Error(`nft: ${stderr}\n${script}`);
}

/** With the server's own certificate, so that its clients see no other server. */
async function startProxy(home: string, place: Place, flakiness: Flakiness): Promise<FlakyProxy> {
  const pki = (name: string): string => readFileSync(join(home, 'pki', name), 'utf8');
  const { users } = parse(readFileSync(join(home, 'operator.kubeconfig'), 'utf8')) as {
    users: { user: Record<string, string> }[];
  };
  const ofUser = (key: string): string | undefined => {
    const value = users[0]?.user[key];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
  };
  return FlakyProxy.start({
    flakiness,
    upstream: { host: place.gateway, port: place.apiPort, ca: pki('ca.crt') },
    server: { cert: pki('server.crt'), key: pki('server.key') },
    // Who sends no token is the operator, which has a certificate instead.
    client: { cert: ofUser('client-certificate-data'), key: ofUser('client-key-data') },
  });
}
