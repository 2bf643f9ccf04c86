import type { Pod } from '@pgherd/kube/objects';

/** Two pods cannot have the same port of the machine, unless each has it on an address of its own. */
export function portMisfit(pod: Pod, others: readonly Pod[]): string | undefined {
  const mine = hostPorts(pod);
  if (mine.length === 0) return undefined;
  const taken = others.flatMap(hostPorts);
  const clashes = mine.some((own) =>
    taken.some(
      ({ ip, protocol, port }) =>
        port === own.port && protocol === own.protocol && (ip === own.ip || ip === '' || own.ip === ''),
    ),
  );
  return clashes ? "node(s) didn't have free ports for the requested pod ports" : undefined;
}

/** All addresses are `''`. */
function hostPorts({ spec }: Pod): { ip: string; protocol: string; port: number }[] {
  return (spec?.containers ?? [])
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0)
    .map(({ hostIP = '', protocol = 'TCP', hostPort = 0 }) => ({
      ip: hostIP === '0.0.0.0' ? '' : hostIP,
      protocol,
      port: hostPort,
    }));
}
