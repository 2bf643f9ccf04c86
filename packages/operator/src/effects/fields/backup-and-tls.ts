import type { Entry, Written } from '../effect.ts';

const backup: Written = { spec: { enableLogicalBackup: true } };
const tls = (more: object): Written => ({ spec: { tls: { secretName: 'certificate', ...more } } });

/** Fields about dumps and certificates. */
export const backupAndTlsFields: Record<string, Entry> = {
  'spec.enableLogicalBackup': {
    change: backup,
    differs: ['CronJob logical-backup-acid-demo', 'deletion delete cronjob logical-backup-acid-demo'],
  },
  'spec.logicalBackupSchedule': {
    given: backup,
    change: { spec: { logicalBackupSchedule: '0 3 * * *' } },
    differs: ['CronJob logical-backup-acid-demo.spec.schedule'],
  },
  'spec.logicalBackupRetention': {
    given: backup,
    change: { spec: { logicalBackupRetention: '2 weeks' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_RETENTION_TIME].value',
    ],
  },
  'spec.tls.secretName': {
    change: tls({}),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SSL_CERTIFICATE_FILE]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SSL_PRIVATE_KEY_FILE]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[certificate]',
      'StatefulSet acid-demo.spec.template.spec.volumes[certificate]',
    ],
  },
  'spec.tls.certificateFile': {
    given: tls({}),
    change: tls({ certificateFile: 'server.crt' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SSL_CERTIFICATE_FILE].value',
    ],
  },
  'spec.tls.privateKeyFile': {
    given: tls({}),
    change: tls({ privateKeyFile: 'server.key' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SSL_PRIVATE_KEY_FILE].value',
    ],
  },
  'spec.tls.caFile': {
    given: tls({}),
    change: tls({ caFile: 'ca.crt' }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SSL_CA_FILE]'],
  },
  'spec.tls.caSecretName': {
    given: tls({ caFile: 'ca.crt' }),
    change: tls({ caFile: 'ca.crt', caSecretName: 'authority' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SSL_CA_FILE].value',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[authority]',
      'StatefulSet acid-demo.spec.template.spec.volumes[authority]',
    ],
  },
};
