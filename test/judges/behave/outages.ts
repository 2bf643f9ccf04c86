import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';

/** Takes the suite's wishes to stop and to continue the API server. */
export interface Outages {
  /** Continues the server if it is stopped, and takes no more wishes. */
  close(): void;
}

/** Listens on a Unix socket for lines `SIGSTOP` and `SIGCONT` and passes them on to the process `pid` says. */
export async function listenForOutages(socket: string, pid: () => number): Promise<Outages> {
  rmSync(socket, { force: true });
  let stopped = false;
  const send = (signal: 'SIGSTOP' | 'SIGCONT'): void => {
    process.kill(pid(), signal);
    stopped = signal === 'SIGSTOP';
    console.log(`API server: ${signal}`);
  };
  const server = createServer((connection) => {
    connection.setEncoding('utf8');
    connection.on('error', () => {});
    connection.once('data', (text: string) => {
      const signal = text.trim();
      const known = signal === 'SIGSTOP' || signal === 'SIGCONT';
      if (known) send(signal);
      connection.end(known ? 'done\n' : 'unknown\n');
    });
  });
  await new Promise<void>((done) => server.listen(socket, done));
  // The suite runs as another user.
  chmodSync(socket, 0o666);
  return {
    close: () => {
      server.close();
      if (stopped) send('SIGCONT');
    },
  };
}
