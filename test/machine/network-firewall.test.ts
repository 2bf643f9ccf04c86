import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const execute = promisify(execFile);
const url = (path: string): string =>
  JSON.stringify(new URL(`../../packages/local/src/${path}`, import.meta.url).href);

/** Runs TypeScript in a network namespace of its own, whose firewall concerns nobody. */
async function inNamespace(body: string): Promise<Record<string, string | string[]>> {
  const script = `
    import { execFileSync } from 'node:child_process';
    import { openFirewall, closeFirewall } from ${url('network/firewall.ts')};
    const sh = (command: string): string => execFileSync('sh', ['-c', command], { encoding: 'utf8' });
    const instance = {
      id: '1a2b3c', home: '/', apiPort: 16443, networkName: 'pgherd-1a2b3c', bridgeName: 'pgh1a2b3c',
      podSubnet: '10.213.7.0/24', gateway: '10.213.7.1', serviceSubnet: '10.214.7.0/24',
      kubernetesServiceIp: '10.214.7.1', nodeName: 'pgherd',
    };
    ${body}
  `;
  const args = ['--net', process.execPath, '--input-type=module-typescript', '-e', script];
  const { stdout } = await execute('unshare', args);
  return JSON.parse(stdout) as Record<string, string | string[]>;
}

test('iptables with policy DROP is opened once for the bridge, and closed again', async () => {
  const result = await inNamespace(`
    sh('iptables -P INPUT DROP; iptables -P FORWARD DROP');
    const closed = [...(await openFirewall(instance)), ...(await openFirewall(instance))];
    const opened = sh('iptables -S');
    await closeFirewall(instance);
    console.log(JSON.stringify({ closed, opened, after: sh('iptables -S') }));
  `);
  expect(result['closed']).toEqual([]);
  const rules = String(result['opened'])
    .split('\n')
    .filter((line) => line.includes('pgherd 1a2b3c'));
  expect(rules).toHaveLength(5);
  expect(rules.filter((rule) => rule.includes('-A INPUT -d 10.213.7.1/32 -i pgh1a2b3c'))).toHaveLength(3);
  expect(result['after']).not.toContain('pgherd');
});

test('a foreign nftables table that drops is left alone and told of', async () => {
  const result = await inNamespace(`
    sh("nft 'add table inet mine; add chain inet mine forwarding { type filter hook forward priority 0; policy drop; }'");
    const before = sh('nft list table inet mine');
    const closed = await openFirewall(instance);
    console.log(JSON.stringify({ closed, changed: String(before !== sh('nft list table inet mine')) }));
  `);
  expect(result['closed']).toEqual([
    expect.stringMatching(/chain forwarding of the firewall table inet mine .*pgh1a2b3c/),
  ]);
  expect(result['changed']).toBe('false');
});

test('a firewall that accepts is not touched', async () => {
  const result = await inNamespace(`
    const closed = await openFirewall(instance);
    console.log(JSON.stringify({ closed, rules: sh('nft list ruleset') }));
  `);
  expect(result).toEqual({ closed: [], rules: '' });
});
