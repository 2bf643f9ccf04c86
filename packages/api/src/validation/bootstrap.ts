import { dns1035 } from '../postgresql/patterns.ts';
import type { Check } from './report.ts';

/** `spec.clone` and `spec.standby`. */
export const checkBootstrap: Check = (manifest, _configuration, report) => {
  const { standby } = manifest.spec;
  // Zalando's operator takes a clone without a name for none.
  const clone = manifest.spec.clone?.cluster === '' ? undefined : manifest.spec.clone;
  if (clone && standby)
    report.error(
      'spec.standby',
      'a cluster cannot both be a copy (spec.clone) and follow another one (spec.standby); remove one of them.',
    );
  if (clone && clone.timestamp === undefined) {
    if (!dns1035.test(clone.cluster) || clone.cluster.length > 63)
      report.error('spec.clone.cluster', `\`${clone.cluster}\` is not the name of a cluster.`);
    else if (clone.cluster === manifest.metadata.name)
      report.error(
        'spec.clone.cluster',
        'a cluster cannot be copied from itself while it runs; name another cluster, or give a `timestamp` to recover from the WAL archive.',
      );
  }
  if (standby && !standby.s3_wal_path && !standby.gs_wal_path && !standby.standby_host)
    report.error(
      'spec.standby',
      'it is empty where it says what to follow; give `standby_host`, `s3_wal_path` or `gs_wal_path`.',
    );
  if (standby?.standby_port) {
    const port = Number(standby.standby_port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      report.error(
        'spec.standby.standby_port',
        `\`${standby.standby_port}\` is not a port between 1 and 65535.`,
      );
  }
  if (standby?.standby_primary_slot_name !== undefined && standby.standby_host === undefined)
    report.warning('spec.standby.standby_primary_slot_name', 'it is only used together with `standby_host`.');
};

/** `spec.tls` */
export const checkTls: Check = (manifest, _configuration, report) => {
  const { tls } = manifest.spec;
  if (tls?.caSecretName !== undefined && tls.caFile === undefined)
    report.warning(
      'spec.tls.caSecretName',
      'it is only used together with `caFile`; name the file in the Secret.',
    );
};

/** Times of the day of one window, in minutes; undefined when it is not in the form that the schema asks for. */
function minutesOf(window: string): { from: number; to: number } | undefined {
  const match = /^\s*(?:[A-Z][a-z]{2}:)?(\d{1,2}):(\d{1,2})-(\d{1,2}):(\d{1,2})\s*$/.exec(window);
  if (!match) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  return { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute };
}

/** `spec.maintenanceWindows` */
export const checkMaintenanceWindows: Check = (manifest, _configuration, report) => {
  (manifest.spec.maintenanceWindows ?? []).forEach((window, index) => {
    const minutes = minutesOf(window);
    if (minutes && minutes.from > minutes.to)
      report.error(
        `spec.maintenanceWindows[${index}]`,
        `\`${window}\` ends before it starts; a window that goes past midnight is two windows.`,
      );
  });
};
