/**
 * How much a Service costs over a direct connection, and how long a changed Endpoints object takes to be in
 * force: `node test/machine/network-bench.ts` (root, podman, nftables). Prints JSON.
 *
 * Few connections, and two minutes between two runs: connection tracking remembers ended connections for 120 s, and
 * with tens of thousands from one address to one pod the search for a free port costs milliseconds.
 */
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { nthAddress } from '@pgherd/local/instance';
import { endpoints, openLab, service } from './network-lab.ts';

/** Milliseconds until a server's first line has come, and the line. */
function call(host: string, port: number): Promise<{ ms: number; line: string }> {
  const began = performance.now();
  return new Promise((done, failed) => {
    const socket = connect({ host, port });
    socket.once('error', failed);
    socket.once('data', (data) => {
      const ms = performance.now() - began;
      socket.destroy();
      done({ ms, line: data.toString() });
    });
  });
}

function summary(samples: number[]): { n: number; median: number; p99: number } {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => Number(sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(3));
  return { n: sorted.length, median: at(0.5), p99: at(0.99) };
}

const lab = await openLab('bench');
try {
  const network = await lab.start();
  const a = await lab.pod('a', network);
  const b = await lab.pod('b', network);
  const address = nthAddress(lab.instance.serviceSubnet, 10);
  lab.put('services', service('demo', address));

  /** Milliseconds from the write of Endpoints to the first connection that arrives at the new pod. */
  const moves = async (count: number): Promise<number[]> => {
    const samples: number[] = [];
    for (let n = 0; n < count; n++) {
      const [name, ip] = n % 2 === 0 ? ['b', b.ip] : ['a', a.ip];
      const began = performance.now();
      lab.put('endpoints', endpoints('demo', ip));
      for (;;) {
        const { line } = await call(address, 80).catch(() => ({ line: '' }));
        if (line.startsWith(name)) break;
        await setTimeout(1);
      }
      samples.push(performance.now() - began);
    }
    return samples;
  };
  lab.put('endpoints', endpoints('demo', a.ip));
  await moves(2);
  const direct: number[] = [];
  const through: number[] = [];
  // In turns, so that whatever else the machine does falls on both.
  for (let n = 0; n < 2_000; n++) {
    direct.push((await call(a.ip, 8080)).ms);
    through.push((await call(address, 80)).ms);
  }

  await moves(10);
  const move1 = await moves(100);

  for (let n = 0; n < 200; n++) {
    lab.put('services', service(`other-${n}`, nthAddress(lab.instance.serviceSubnet, 20 + n)));
    lab.put('endpoints', endpoints(`other-${n}`, a.ip, b.ip));
  }
  await moves(10);
  const move200 = await moves(100);

  await network.stop();
  const report = {
    unit: 'ms',
    connectDirect: summary(direct),
    connectThroughService: summary(through),
    endpointsWriteToRuleWith1Service: summary(move1),
    endpointsWriteToRuleWith201Services: summary(move200),
  };
  console.log(JSON.stringify(report, null, 2));
} finally {
  await lab.cleanup();
}
