import type { Configuration } from '@pgherd/api';
import { postgresVersion, type RenderInput } from './input.ts';
import { isLocalParameter, localSection, usesFile } from './local-configuration.ts';
import { apiSections } from './patroni-api.ts';
import { sorted } from './variables.ts';

/** Value of `SPILO_CONFIGURATION`: compact JSON with keys in a fixed order. */
export function spiloConfiguration(input: RenderInput): string {
  const { manifest, remembered } = input;
  return JSON.stringify({
    ...apiSections(input),
    postgresql: ownSection(input),
    bootstrap: remembered.statefulSet?.bootstrap ?? {
      initdb: initdbOptions(manifest.spec.patroni?.initdb ?? {}),
      dcs: dynamicConfiguration(input),
    },
  });
}

function ownSection(input: RenderInput): Record<string, unknown> {
  return {
    ...(input.configuration.enable_pgversion_env_var
      ? {}
      : { bin_dir: `/usr/lib/postgresql/${postgresVersion(input)}/bin` }),
    ...(usesFile(input) ? {} : localSection(input)),
  };
}

/** Options of initdb that take no value. */
const flags = new Set(['data-checksums', 'debug', 'no-locale', 'noclean', 'nosync', 'sync-only']);

function initdbOptions(options: Record<string, string>): (string | Record<string, string>)[] {
  const defaults: Record<string, string> = { 'auth-host': 'scram-sha-256', 'auth-local': 'trust' };
  const list: (string | Record<string, string>)[] = Object.entries(defaults).map(([key, value]) => ({
    [key]: options[key] ?? value,
  }));
  for (const key of Object.keys(options).sort()) {
    const value = options[key] ?? '';
    if (key in defaults) continue;
    list.push(value === 'true' && flags.has(key) ? key : { [key]: value });
  }
  return list;
}

/** Patroni's dynamic configuration of a new cluster. Zero means: Patroni's own default. */
export function dynamicConfiguration(input: RenderInput): Record<string, unknown> {
  const { manifest, configuration } = input;
  const section = declaredConfiguration(input);
  for (const key of Object.keys(section)) if (section[key] === false) delete section[key];
  return {
    ...section,
    failsafe_mode: manifest.spec.patroni?.failsafe_mode ?? configuration.enable_patroni_failsafe_mode,
    ...(configuration.enable_fast_failover
      ? { primary_start_timeout: primaryStartTimeout(configuration) }
      : {}),
  };
}

/**
 * How long a primary that comes back may recover before Patroni gives its lock away, in seconds; Patroni's own default is
 * 300. Only where a replica within `maximum_lag_on_failover` answers it.
 */
export function primaryStartTimeout({
  fast_failover_restart_timeout: milliseconds,
}: Pick<Configuration, 'fast_failover_restart_timeout'>): number {
  return Math.ceil(milliseconds / 1000);
}

/** What is said about Patroni's dynamic configuration, and nothing else. `failsafeMode`: where the manifest says nothing. */
export function declaredConfiguration(input: RenderInput, failsafeMode?: boolean): Record<string, unknown> {
  const { manifest } = input;
  const patroni = manifest.spec.patroni ?? {};
  const parameters = pick(manifest.spec.postgresql.parameters ?? {}, (name) => !isLocalParameter(name));
  const section: Record<string, unknown> = {
    ttl: patroni.ttl,
    loop_wait: patroni.loop_wait,
    retry_timeout: patroni.retry_timeout,
    maximum_lag_on_failover: patroni.maximum_lag_on_failover,
    synchronous_mode:
      patroni.synchronous_mode === true && patroni.synchronous_mode_quorum === true
        ? 'quorum'
        : patroni.synchronous_mode,
    synchronous_mode_strict: patroni.synchronous_mode_strict,
    synchronous_node_count: patroni.synchronous_node_count,
    postgresql: Object.keys(parameters).length > 0 ? { parameters } : undefined,
    slots: Object.keys(patroni.slots ?? {}).length > 0 ? slotsOf(patroni.slots ?? {}) : undefined,
    failsafe_mode: patroni.failsafe_mode ?? failsafeMode,
  };
  for (const key of Object.keys(section)) {
    if (section[key] === undefined || section[key] === 0) delete section[key];
  }
  return section;
}

function slotsOf(slots: Record<string, Record<string, string>>): Record<string, Record<string, string>> {
  return sorted(Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, sorted(slot)])));
}

function pick(map: Record<string, string>, wanted: (key: string) => boolean): Record<string, string> {
  return sorted(Object.fromEntries(Object.entries(map).filter(([key]) => wanted(key))));
}
