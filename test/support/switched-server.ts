import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

interface Target {
  port: number | undefined;
}

/** A port of this machine that leads to one server or another, or to none, as a Service does. */
export class SwitchedServer {
  readonly port: number;
  private readonly close: () => Promise<void>;
  private readonly sockets: Set<Socket>;
  private readonly to: Target;

  private constructor(port: number, to: Target, sockets: Set<Socket>, close: () => Promise<void>) {
    this.port = port;
    this.to = to;
    this.sockets = sockets;
    this.close = close;
  }

  static async start(target: number): Promise<SwitchedServer> {
    const to: Target = { port: target };
    const sockets = new Set<Socket>();
    const server = createServer((from) => {
      if (to.port === undefined) {
        from.resetAndDestroy();
        return;
      }
      const onward = connect(to.port, '127.0.0.1');
      for (const [one, other] of [
        [from, onward],
        [onward, from],
      ] as const) {
        sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    return new SwitchedServer(port, to, sockets, async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    });
  }

  /** Leads to the server at this port of the machine from now on; whoever is connected is cut. Undefined: to none. */
  leadTo(port: number | undefined): void {
    this.to.port = port;
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    await this.close();
  }
}
