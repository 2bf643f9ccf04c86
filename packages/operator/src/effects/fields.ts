import type { Entry } from './effect.ts';
import { backupAndTlsFields } from './fields/backup-and-tls.ts';
import { basicFields } from './fields/basics.ts';
import { bootstrapFields } from './fields/bootstrap.ts';
import { databaseFields } from './fields/database.ts';
import { podFields } from './fields/pods.ts';
import { poolerFields } from './fields/pooler.ts';
import { serviceFields } from './fields/services.ts';

/** What each field of a manifest does, by its path in the notation of `fieldsOf`. */
export const fieldEffects: Record<string, Entry> = {
  ...basicFields,
  ...podFields,
  ...serviceFields,
  ...poolerFields,
  ...backupAndTlsFields,
  ...bootstrapFields,
  ...databaseFields,
};
