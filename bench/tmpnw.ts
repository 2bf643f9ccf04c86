import { connect } from 'node:net';
import { execFileSync } from 'node:child_process';
import { nthAddress } from '../packages/local/src/instance/subnets.ts';
import { endpoints, openLab, service } from '../test/machine/network-lab.ts';
function call(host: string, port: number): Promise<{ c: number; ms: number }> {
  const began = performance.now();
  return new Promise((done, failed) => {
    let c = 0;
    const socket = connect({ host, port });
    socket.once('error', failed);
    socket.once('connect', () => (c = performance.now() - began));
    socket.once('data', () => {
      const ms = performance.now() - began;
      socket.destroy();
      done({ c, ms });
    });
  });
}
const s = (x: number[]) => {
  x.sort((a, b) => a - b);
  return [x[x.length >> 1]!.toFixed(3), x[Math.floor(x.length * 0.99)]!.toFixed(3)].join(' / ');
};
const lab = await openLab('bench2');
const network = await lab.start();
try {
  const a = await lab.pod('a', network);
  const address = nthAddress(lab.instance.serviceSubnet, 10);
  lab.put('services', service('demo', address));
  lab.put('endpoints', endpoints('demo', a.ip));
  await new Promise((r) => setTimeout(r, 300));
  for (const [n, h, p] of [
    ['svc', address, 80],
    ['direct', a.ip, 8080],
    ['svc', address, 80],
    ['svc', address, 80],
  ] as const) {
    const c = [],
      m = [];
    for (let i = 0; i < 300; i++) {
      const r = await call(h, p);
      c.push(r.c);
      m.push(r.ms);
    }
    console.log(
      n,
      'connect',
      s(c),
      'data',
      s(m),
      execFileSync('cat', [
        '/proc/sys/net/netfilter/nf_conntrack_count',
        '/proc/sys/net/netfilter/nf_conntrack_buckets',
        '/proc/sys/net/netfilter/nf_conntrack_max',
      ])
        .toString()
        .replaceAll('\n', ' '),
    );
  }
} finally {
  await network.stop();
  await lab.cleanup();
}
