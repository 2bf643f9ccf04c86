import type { Entry } from './effect.ts';
import { cloudKeys } from './keys/cloud.ts';
import { generalKeys } from './keys/general.ts';
import { logicalBackupKeys } from './keys/logical-backup.ts';
import { objectsKeys } from './keys/objects.ts';
import { podsKeys } from './keys/pods.ts';
import { processKeys } from './keys/process.ts';
import { resourcesAndTimeoutsKeys } from './keys/resources-and-timeouts.ts';
import { scalyrAndPoolerKeys } from './keys/scalyr-and-pooler.ts';
import { servicesKeys } from './keys/services.ts';
import { teamsKeys } from './keys/teams.ts';
import { usersKeys } from './keys/users.ts';

/** What each key of the operator's configuration does. */
export const keyEffects: Record<string, Entry> = {
  ...generalKeys,
  ...usersKeys,
  ...objectsKeys,
  ...podsKeys,
  ...resourcesAndTimeoutsKeys,
  ...servicesKeys,
  ...cloudKeys,
  ...logicalBackupKeys,
  ...teamsKeys,
  ...processKeys,
  ...scalyrAndPoolerKeys,
};
