import type { ServiceSpec } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import {
  asPooler,
  downscalerAnnotations,
  objectLabels,
  poolerLabel,
  selectorLabels,
  withRole,
  type Labels,
} from '../labels.ts';
import { poolerSecretName, secretName } from '../names.ts';
import { identityOf, type RenderInput, type UserList } from './input.ts';
import { clusterObject, ownerOf } from './metadata.ts';
import { instancesOfPooler, podTemplateOfPooler } from './pooler-pod.ts';
import { poolerInfrastructure } from './pooler-infrastructure.ts';
import { poolersOf, poolerUser, type Pooler } from './poolers.ts';
import { encode } from '../secrets/contents.ts';
import { accessFields, accessOf, serviceAnnotations } from './service-access.ts';
import { userList, versionAnnotation } from './user-list.ts';

/** Of each pooler its users, its pods and its Service, in this order. */
export function renderPoolers(input: RenderInput): Desired[] {
  return poolersOf(input)
    .flatMap((pooler) => {
      const lines = usersOf(input).map(([name, password]) => `${quote(name)} ${quote(password)}\n`);
      const users = userList(lines, input.remembered.userLists?.get(poolerSecretName(pooler.name)));
      return [
        renderUsers(input, pooler, users),
        renderDeployment(input, pooler, users),
        renderService(input, pooler),
      ];
    })
    .map((desired) => ({ ...desired, owner: ownerOf(input) }));
}

/** Labels by which a pooler's pods are found: they never change. */
function poolerSelector({ configuration, manifest }: RenderInput, pooler: Pooler): Labels {
  return asPooler(selectorLabels(configuration, identityOf(manifest).name), pooler.name);
}

function poolerLabels({ configuration, manifest }: RenderInput, pooler: Pooler): Labels {
  return withRole(configuration, asPooler(objectLabels(configuration, manifest), pooler.name), pooler.role);
}

/** The users that PgBouncer knows by itself; it looks up all others in the database. */
function renderUsers(input: RenderInput, pooler: Pooler, users: UserList): Desired {
  return clusterObject(
    input,
    kinds.secret,
    poolerSecretName(pooler.name),
    { type: 'Opaque', data: { 'userlist.txt': encode(users.list) } },
    { labels: poolerLabels(input, pooler), annotations: versionAnnotation(users) },
  );
}

/** Names and passwords: the pooler's own role first, then the infrastructure roles. As their Secrets say, or will say. */
function usersOf(input: RenderInput): [string, string][] {
  const { configuration, manifest, remembered } = input;
  return [poolerUser(input), ...poolerInfrastructure(input)].flatMap((role) => {
    const secret = secretName(configuration, identityOf(manifest).name, role);
    const { credentials, upcoming = credentials } = remembered.secrets.get(secret) ?? {};
    return upcoming === undefined ? [] : [[upcoming.username, upcoming.password]];
  });
}

/** https://www.pgbouncer.org/config.html#authentication-file-format */
function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function renderDeployment(input: RenderInput, pooler: Pooler, users: UserList): Desired {
  const { configuration, manifest } = input;
  const labels = poolerLabels(input, pooler);
  const selector = poolerSelector(input, pooler);
  return clusterObject(
    input,
    kinds.deployment,
    pooler.name,
    {
      spec: {
        replicas: instancesOfPooler(input),
        selector: { matchLabels: selector },
        template: podTemplateOfPooler(input, pooler, { labels, selector, users }),
      },
    },
    { labels, annotations: downscalerAnnotations(configuration, manifest) },
  );
}

function renderService(input: RenderInput, pooler: Pooler): Desired {
  const target = { role: pooler.role, pooler: true };
  const access = accessOf(input, target);
  const spec: ServiceSpec = {
    ...accessFields(input, access),
    selector: { [poolerLabel]: pooler.name },
    ports: [
      {
        name: pooler.name,
        port: 5432,
        protocol: 'TCP',
        targetPort: 5432,
        ...(access.nodePort === undefined ? {} : { nodePort: access.nodePort }),
      },
    ],
  };
  return clusterObject(
    input,
    kinds.service,
    pooler.name,
    { spec },
    { onlyLabels: poolerSelector(input, pooler), annotations: serviceAnnotations(input, target) },
  );
}
