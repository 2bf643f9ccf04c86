import { systemClock, type Clock } from '@pgherd/kube/objects';
import type { Logger } from 'pino';
import type { Instance } from '../instance/instance.ts';
import { mirror, type Source } from '../registry/mirror.ts';
import { endpointSliceResource, endpointsResource, serviceResource } from '../network/resources.ts';
import { answer } from './answer.ts';
import { forward } from './forward.ts';
import { listen, type Responder } from './listener.ts';
import {
  encodeQuestion,
  encodeReply,
  errorReply,
  isTruncated,
  parseRequest,
  upstreamAnswers,
} from './message.ts';
import { hostResolvers } from './resolv-conf.ts';
import { buildZone, type Zone } from './zone.ts';

/** Questions that may be with upstream servers at once; it also ends a loop between servers. */
const maxForwarded = 500;

/** What the DNS server needs. */
export interface DnsOptions {
  registry: Source;
  instance: Pick<Instance, 'gateway' | 'podSubnet' | 'serviceSubnet'>;
  /** Pod networks of all nodes, whose reverse names are served; default: the instance's own. */
  podSubnets?: () => readonly string[];
  log: Logger;
  clock?: Clock;
  /** Servers for all other names (`address` or `address:port`); by default those of the host's resolv.conf. */
  upstream?: readonly string[];
  /** Where to listen; by default port 53 of the gateway. Port 0 takes a free one. */
  listenOn?: { address: string; port: number };
}

/** A running DNS server. */
export interface DnsServer {
  port: number;
  stop(): Promise<void>;
}

/**
 * Serves the names of Services and pods on the gateway's address, and asks the host's resolvers for all other
 * names. The address must exist (`startNetwork`). Throws when another program has the port.
 */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const { registry, instance, log, clock = systemClock } = options;
  const { address, port } = options.listenOn ?? { address: instance.gateway, port: 53 };
  const configured = options.upstream?.filter((server) => server !== instance.gateway);
  const fromHost = hostResolvers([instance.gateway, address]);
  const upstream = async (): Promise<readonly string[]> => configured ?? fromHost();

  let zone: Zone | undefined;
  const follow = (resource: typeof serviceResource): ReturnType<typeof mirror> =>
    mirror(
      registry,
      resource,
      clock,
      () => (zone = undefined),
      (reason) => log.warn({ reason }, `the watch of ${resource.plural} ended: listing them again`),
    );
  const mirrors = [
    follow(serviceResource),
    follow(endpointsResource),
    follow(endpointSliceResource),
  ] as const;
  const currentZone = (): Zone =>
    (zone ??= buildZone({
      services: mirrors[0].objects(),
      endpoints: mirrors[1].objects(),
      slices: mirrors[2].objects(),
      server: instance.gateway,
      subnets: [...(options.podSubnets?.() ?? [instance.podSubnet]), instance.serviceSubnet],
    }));

  let forwarded = 0;
  const askUpstream = async (message: Buffer, udp: boolean): Promise<Buffer | undefined> => {
    if (forwarded >= maxForwarded) return undefined;
    forwarded++;
    try {
      return await forward(message, await upstream(), !udp);
    } finally {
      forwarded--;
    }
  };

  const respond = async (message: Buffer, udp: boolean): Promise<Buffer | undefined> => {
    const parsed = parseRequest(message);
    if (parsed.kind === 'ignore') return undefined;
    if (parsed.kind === 'error') return parsed.reply;
    const { request } = parsed;
    const local = answer(request.question, currentZone());
    if (local === undefined)
      return (await askUpstream(message, udp)) ?? encodeReply(request, 'SERVFAIL', undefined, { udp });
    if (local.follow === undefined) return encodeReply(request, local.rcode, local, { udp });
    const question = encodeQuestion({ name: local.follow, type: request.question.type });
    let reply = await askUpstream(question, true);
    if (reply !== undefined && isTruncated(reply)) reply = await askUpstream(question, false);
    if (reply === undefined) return encodeReply(request, 'SERVFAIL', undefined, { udp });
    const outside = upstreamAnswers(reply);
    return encodeReply(request, outside.rcode, local, { udp, more: outside.answers });
  };
  const safely: Responder = async (message, udp) => {
    try {
      return await respond(message, udp);
    } catch (error) {
      log.error({ err: error }, 'cannot answer a DNS question');
      return errorReply(message, 'SERVFAIL');
    }
  };

  const closeMirrors = (): void => mirrors.forEach((each) => each.close());
  try {
    const listener = await listen(address, port, safely);
    return {
      port: listener.port,
      stop: async () => {
        closeMirrors();
        await listener.close();
      },
    };
  } catch (error) {
    closeMirrors();
    throw new Error(
      `the DNS server of the pods cannot listen on ${address} port ${port}: ${(error as Error).message}. ` +
        'Another DNS server that listens on all addresses has to leave out this one.',
      { cause: error },
    );
  }
}
