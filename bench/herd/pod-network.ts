import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Ports of a pod and who answers there. */
export type Ports = Record<number, (socket: Socket) => void>;

/** Addresses per 256: 0 and 255 are left out. */
const hosts = 254;

/**
 * Addresses for pods out of one `127.N.0.0/16`, which Linux serves without being asked to. N is from 240 up, apart from
 * what tests use; the first one that nobody listens on is taken.
 */
export class PodNetwork {
  readonly #prefix: string;
  readonly #servers = new Map<string, Server[]>();
  readonly #sockets = new Map<string, Set<Socket>>();
  #next = 0;

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  static async create(): Promise<PodNetwork> {
    for (let second = 240; second < 255; second += 1) {
      const network = new PodNetwork(`127.${second}`);
      try {
        // Address .0.0 stays taken as long as this process lives: it marks the network as somebody's.
        await network.#listen(`127.${second}.0.0`, { 8008: (socket) => socket.destroy() });
        return network;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    }
    throw new Error('127.240.0.0 to 127.254.0.0: each has a listener on port 8008; end one of them');
  }

  /** A fresh address with these ports. */
  async open(ports: Ports): Promise<string> {
    const number = this.#next;
    this.#next += 1;
    const address = `${this.#prefix}.${Math.floor(number / hosts)}.${1 + (number % hosts)}`;
    await this.#listen(address, ports);
    return address;
  }

  /** Cuts every connection of the address. */
  close(address: string): void {
    for (const server of this.#servers.get(address) ?? []) server.close();
    for (const socket of this.#sockets.get(address) ?? []) socket.destroy();
    this.#servers.delete(address);
    this.#sockets.delete(address);
  }

  async #listen(address: string, ports: Ports): Promise<void> {
    const sockets = new Set<Socket>();
    const servers: Server[] = [];
    for (const [port, serve] of Object.entries(ports)) {
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        serve(socket);
      });
      server.listen(Number(port), address);
      await once(server, 'listening');
      servers.push(server);
    }
    this.#servers.set(address, servers);
    this.#sockets.set(address, sockets);
  }
}
