import { isIPv6 } from 'node:net';
import { parseQuantity } from '../quantity.ts';
import type { Check } from './report.ts';

/** `spec.resources`, `spec.volume.size` and `spec.volume.autoGrow`. */
export const checkSizes: Check = (manifest, _configuration, report) => {
  const { resources, volume } = manifest.spec;
  if (parseQuantity(volume.size) === 0)
    report.error('spec.volume.size', 'a volume of no size cannot be made.');
  const { autoGrow } = volume;
  if (autoGrow?.enabled === true) {
    if (autoGrow.max === undefined)
      report.error(
        'spec.volume.autoGrow.max',
        'say how large the volumes may grow by themselves, e.g. `100Gi`.',
      );
    else if ((parseQuantity(autoGrow.max) ?? 0) <= (parseQuantity(volume.size) ?? 0))
      report.warning(
        'spec.volume.autoGrow.max',
        `it is not more than \`spec.volume.size\` (${volume.size}), so that nothing grows by itself.`,
      );
  }
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
  for (const field of ['synchronous_mode_strict', 'synchronous_mode_quorum'] as const)
    if (patroni[field] && !patroni.synchronous_mode)
      report.warning(`spec.patroni.${field}`, 'it has no effect without `synchronous_mode: true`.');
  for (const name of Object.keys(patroni.slots ?? {}))
    if (!/^[a-z0-9_]{1,63}$/.test(name))
      report.error(
        `spec.patroni.slots.${name}`,
        'the name of a slot has lower-case letters, digits and underscores, at most 63.',
      );
  for (const [name, value] of Object.entries(manifest.spec.postgresql.parameters ?? {})) {
    const field = `spec.postgresql.parameters.${name}`;
    if (!/^[a-zA-Z_][a-zA-Z0-9_$]*(\.[a-zA-Z_][a-zA-Z0-9_$]*)*$/.test(name))
      report.error(field, 'this cannot be the name of a parameter.');
    // Patroni writes it to postgresql.conf as it is, and no PostgreSQL starts with such a file.
    if (/[\n\r\0]/.test(value))
      report.error(field, 'a value has one line; in YAML, `>-` makes one of several.');
  }
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
