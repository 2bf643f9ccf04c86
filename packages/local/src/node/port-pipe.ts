import { spawn } from 'node:child_process';
import { connect as connectTo } from 'node:net';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('port-pipe.child.ts', import.meta.url));

/**
 * A connection to `localhost:PORT` in the network of a process: of the pod's own loopback, where its address alone
 * would not lead. It fails like a connection, with the cause in words.
 *
 * @param pid first process of the pod's sandbox; undefined: the machine's own network.
 */
export function connectInNetworkOf(pid: number | undefined, port: number, signal: AbortSignal): Duplex {
  if (pid === undefined) return connectTo({ host: 'localhost', port, allowHalfOpen: true, signal });
  const child = spawn('nsenter', ['-t', String(pid), '-n', '--', process.execPath, program, String(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  const { stdin, stdout, stderr } = child;
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-1000);
  });
  const joined = Duplex.from({ writable: stdin, readable: stdout });
  child.once('error', (error) => joined.destroy(error));
  child.once('close', (code) => {
    if (code !== 0 && !joined.destroyed) joined.destroy(new Error(said.trim() || `ended with ${code}`));
  });
  joined.once('close', () => child.kill());
  return joined;
}
