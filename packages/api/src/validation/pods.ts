import { isIPv6 } from 'node:net';
import { parseQuantity } from '../quantity.ts';
import type { Check } from './report.ts';

const databaseContainer = 'postgres';
const dataMountPath = '/home/postgres/pgdata';

/** `spec.resources` and `spec.volume.size`. */
export const checkSizes: Check = (manifest, _configuration, report) => {
  const { resources, volume } = manifest.spec;
  if (parseQuantity(volume.size) === 0)
    report.error('spec.volume.size', 'a volume of no size cannot be made.');
  for (const kind of ['cpu', 'memory'] as const) {
    const request = parseQuantity(resources?.requests?.[kind] ?? '');
    const limit = parseQuantity(resources?.limits?.[kind] ?? '');
    if (request && limit && limit < request)
      report.warning(
        `spec.resources.limits.${kind}`,
        'it is smaller than the request, so the request is taken for it as well.',
      );
  }
};

/** Containers beside the database container. */
export const checkContainers: Check = (manifest, _configuration, report) => {
  const seen = new Map([[databaseContainer, 'the database container']]);
  const check = (field: string, name: string): void => {
    const other = seen.get(name);
    if (other !== undefined)
      report.error(`${field}.name`, `\`${name}\` is already the name of ${other}; choose another.`);
    else seen.set(name, field);
  };
  (manifest.spec.initContainers ?? []).forEach((container, index) => {
    const field = `spec.initContainers[${index}]`;
    if (!container.image) report.error(`${field}.image`, 'a container needs an image.');
    check(field, container.name);
  });
  (manifest.spec.sidecars ?? []).forEach((sidecar, index) => check(`spec.sidecars[${index}]`, sidecar.name));
};

/** `spec.additionalVolumes` */
export const checkVolumes: Check = (manifest, _configuration, report) => {
  const paths = new Map([[dataMountPath, 'the data volume']]);
  (manifest.spec.additionalVolumes ?? []).forEach((volume, index) => {
    const field = `spec.additionalVolumes[${index}]`;
    const other = paths.get(volume.mountPath);
    if (other !== undefined)
      report.error(
        `${field}.mountPath`,
        `\`${volume.mountPath}\` is taken by ${other}; choose another path.`,
      );
    else paths.set(volume.mountPath, field);
    const targets = volume.targetContainers ?? [];
    if (targets.includes('all') && targets.length > 1)
      report.warning(`${field}.targetContainers`, '`all` must stand alone; remove the other names.');
  });
};

/** `spec.patroni`: what Patroni would not accept as it stands. */
export const checkPatroni: Check = (manifest, _configuration, report) => {
  const patroni = manifest.spec.patroni ?? {};
  const { ttl, loop_wait, retry_timeout } = patroni;
  // Patroni: loop_wait + 2 * retry_timeout <= ttl; otherwise it lowers the other two by itself.
  if (ttl && loop_wait && retry_timeout && loop_wait + 2 * retry_timeout > ttl)
    report.warning(
      'spec.patroni.ttl',
      `it must be at least loop_wait + 2 * retry_timeout (${loop_wait + 2 * retry_timeout}); Patroni will change the values by itself.`,
    );
  if (patroni.synchronous_mode_strict && !patroni.synchronous_mode)
    report.warning(
      'spec.patroni.synchronous_mode_strict',
      'it has no effect without `synchronous_mode: true`.',
    );
  for (const name of Object.keys(patroni.slots ?? {}))
    if (!/^[a-z0-9_]{1,63}$/.test(name))
      report.error(
        `spec.patroni.slots.${name}`,
        'the name of a slot has lower-case letters, digits and underscores, at most 63.',
      );
  for (const name of Object.keys(manifest.spec.postgresql.parameters ?? {}))
    if (!/^[a-zA-Z_][a-zA-Z0-9_$]*(\.[a-zA-Z_][a-zA-Z0-9_$]*)*$/.test(name))
      report.error(`spec.postgresql.parameters.${name}`, 'this cannot be the name of a parameter.');
};

/** Services: fixed ports and source ranges. */
export const checkServices: Check = (manifest, _configuration, report) => {
  const { spec } = manifest;
  const ports = [
    ['masterNodePort', 'enableMasterNodePort'],
    ['replicaNodePort', 'enableReplicaNodePort'],
    ['masterPoolerNodePort', 'enableMasterPoolerNodePort'],
    ['replicaPoolerNodePort', 'enableReplicaPoolerNodePort'],
  ] as const;
  for (const [port, flag] of ports)
    if (spec[port] && !spec[flag])
      report.warning(`spec.${port}`, `it is only used together with \`${flag}: true\`.`);
  (spec.allowedSourceRanges ?? []).forEach((range, index) => {
    const address = range.slice(0, range.indexOf('/'));
    if (address.includes(':') && !isIPv6(address))
      report.error(`spec.allowedSourceRanges[${index}]`, `\`${range}\` is not an IPv6 network.`);
  });
};
