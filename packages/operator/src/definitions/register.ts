import {
  operatorConfigurationCrd,
  postgresqlCrd,
  postgresTeamCrd,
  type Configuration,
  type CoreTypeResolver,
} from '@pgherd/api';
import { isConflict, type Client } from '@pgherd/kube/client';
import { customResourceDefinitions, type CustomResourceDefinition, type Logger } from '@pgherd/kube/objects';
import { coreTypeSchema } from '@pgherd/kube/schema';
import { fieldManager } from '../names.ts';
import { bringUpToDate } from './up-to-date.ts';

/** The CustomResourceDefinitions of this release. */
export function ownDefinitions(configuration: Configuration): CustomResourceDefinition[] {
  const resolve = coreTypeSchema as CoreTypeResolver;
  const ours = [postgresqlCrd(resolve), operatorConfigurationCrd(resolve), postgresTeamCrd()];
  return ours.map((definition) => {
    const { spec, ...rest } = definition as unknown as CustomResourceDefinition;
    const names = { ...spec.names, categories: configuration.crd_categories };
    return { ...rest, spec: { ...spec, names } };
  });
}

/**
 * Makes the definitions that are missing, and adds to the others what is missing in them. A failure is told and nothing
 * else: definitions that somebody installed do as well.
 */
export async function registerDefinitions(
  client: Client,
  configuration: Configuration,
  log: Logger,
): Promise<void> {
  for (const definition of ownDefinitions(configuration)) {
    const { name = '' } = definition.metadata;
    try {
      const done = await registerOne(client, definition);
      if (done !== undefined) log.info({ definition: name }, `definition ${name} ${done}`);
    } catch (err) {
      log.warn(
        { err, definition: name },
        `definition ${name} was not brought up to date: ${(err as Error).message}`,
      );
    }
  }
}

async function registerOne(client: Client, ours: CustomResourceDefinition): Promise<string | undefined> {
  const { name = '' } = ours.metadata;
  for (let attempt = 1; ; attempt++) {
    const live = await client.find(customResourceDefinitions, { name });
    try {
      if (live === undefined) {
        await client.create(customResourceDefinitions, ours, { fieldManager });
        return 'created';
      }
      const body = bringUpToDate(live, ours);
      if (body === undefined) return undefined;
      await client.patch(customResourceDefinitions, { name }, { type: 'merge', body }, { fieldManager });
      return 'brought up to date';
    } catch (error) {
      // Somebody else wrote it in between, perhaps the same.
      if (!isConflict(error) || attempt === 3) throw error;
    }
  }
}
