/**
 * Runs in the network of a pod (`nsenter`): joins standard input and output with a port of its loopback, as kubelet
 * forwards ports. What fails is told on standard error, with exit code 1.
 */
import { connect } from 'node:net';

const port = Number(process.argv[2]);
const socket = connect({ host: 'localhost', port, allowHalfOpen: true });
socket.once('error', (error: NodeJS.ErrnoException) => {
  process.stderr.write(
    error.code === undefined ? error.message : `connect to localhost:${port}: ${error.code}`,
  );
  process.exitCode = 1;
  process.stdin.destroy();
});
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.once('close', () => process.stdin.destroy());
process.stdout.once('error', () => socket.destroy());
