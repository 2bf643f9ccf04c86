import type { Logger } from 'pino';
import { CommandError, run } from './command.ts';
import { placesOf, type ServicePort } from './service-ports.ts';

/** A UDP flow's old way: from a Service's address and port to an endpoint that is gone. */
export interface StaleFlow {
  address: string;
  port: number;
  backend: string;
}

/**
 * UDP ways that `before` had and `after` has not. UDP has no end of connection: as long as a client sends, the
 * kernel would send on to the endpoint that is gone. TCP is left to its own timeouts, as Kubernetes does.
 */
export function staleFlows(
  before: readonly ServicePort[],
  after: readonly ServicePort[],
  nodeAddresses: readonly string[],
): StaleFlow[] {
  const ways = (ports: readonly ServicePort[]): Map<string, StaleFlow> =>
    new Map(
      ports
        .filter(({ protocol }) => protocol === 'udp')
        .flatMap((service) =>
          placesOf(service, nodeAddresses).flatMap(({ address, port }) =>
            service.backends.map((backend): [string, StaleFlow] => [
              `${address} ${port} ${backend.address} ${backend.port}`,
              { address, port, backend: backend.address },
            ]),
          ),
        ),
    );
  const now = ways(after);
  return [...ways(before)].filter(([key]) => !now.has(key)).map(([, flow]) => flow);
}

/** Has the kernel forget flows. Needs the program `conntrack`; without it says so and changes nothing. */
export async function forgetFlows(flows: readonly StaleFlow[], log: Logger): Promise<void> {
  for (const { address, port, backend } of flows) {
    try {
      await run('conntrack', [
        '-D',
        '-p',
        'udp',
        '-d',
        address,
        '--dport',
        String(port),
        '--dst-nat',
        backend,
      ]);
    } catch (error) {
      // Code 1: there was no such flow.
      if (error instanceof CommandError && error.code === 1) continue;
      log.warn(
        { err: error },
        `clients of UDP ${address}:${port} that keep sending reach the old endpoint ${backend} until they ` +
          'pause for 30 seconds; the program conntrack would end that at once',
      );
      return;
    }
  }
}
