import type { Secret } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { patroniApiSecretName, primaryServiceName, replicaServiceName } from '../names.ts';
import { find, type Observed } from '../observe/observed.ts';
import { contentsOf } from '../secrets/contents.ts';
import {
  apiKey,
  apiServerName,
  apiUser,
  authorityMs,
  certificateMs,
  type ApiKeys,
  type ApiNeed,
} from '../secrets/patroni-api.ts';
import type { PassGoal } from './goal.ts';

/** What keys are made with. */
export interface ApiCircumstances {
  /** Milliseconds since 1970. */
  now: number;
  newPassword: () => string;
  /** Contents of the Secret when it was last seen: one that is deleted is made again as it was, because pods have it. */
  memory: { apiKeys: ApiKeys | undefined };
}

/** The goal of a pass; where keys of Patroni's REST API are to be made for it, they are made first, which takes a moment. */
export async function goalWithApiKeys(
  goal: (made?: ApiKeys) => PassGoal,
  observed: Observed,
  { now, newPassword, memory }: ApiCircumstances,
): Promise<PassGoal> {
  const pass = goal();
  const secret = find(observed, kinds.secret, patroniApiSecretName(observed.name)) as Secret | undefined;
  const before = secret === undefined ? undefined : Object.fromEntries(contentsOf(secret).text);
  const { apiNeed: need } = pass;
  if (need === undefined) {
    memory.apiKeys = before ?? memory.apiKeys;
    return pass;
  }
  if (!need.exists && memory.apiKeys !== undefined) return goal(memory.apiKeys);
  return goal(await makeApiKeys(need, before ?? {}, observed, now, newPassword));
}

/** The keys that are needed, and no others. */
export async function makeApiKeys(
  need: ApiNeed,
  before: ApiKeys,
  { name, namespace }: Pick<Observed, 'name' | 'namespace'>,
  now: number,
  newPassword: () => string,
): Promise<ApiKeys> {
  // It loads slowly, and most processes never need it.
  const { issueAuthority, issueLeaf } = await import('@pgherd/kube/certificates');
  const made: Record<string, string> = {};
  if (!need.exists || before[apiKey.username] !== apiUser) made[apiKey.username] = apiUser;
  if (need.password) made[apiKey.password] = newPassword();
  let authority = { certificate: before[apiKey.authority] ?? '', key: before[apiKey.authorityKey] ?? '' };
  if (need.authority !== undefined) {
    const key = need.authority === 'renewed' ? authority.key : undefined;
    authority = await issueAuthority(
      `pgherd ${namespace}/${name} patroni`.slice(0, 64),
      now,
      now + authorityMs,
      key,
    );
    made[apiKey.authority] = authority.certificate;
    made[apiKey.authorityKey] = authority.key;
  }
  if (need.certificate || need.authority === 'fresh') {
    const services = [primaryServiceName(name), replicaServiceName(name)];
    const leaf = await issueLeaf(authority, {
      subject: { CN: apiServerName },
      usage: 'server',
      ips: ['127.0.0.1', '::1'],
      dnsNames: [
        apiServerName,
        'localhost',
        ...services.flatMap((service) => [service, `${service}.${namespace}`, `${service}.${namespace}.svc`]),
      ],
      notBefore: now,
      notAfter: now + certificateMs,
    });
    made[apiKey.certificate] = leaf.certificate;
    made[apiKey.privateKey] = leaf.key;
  }
  return made;
}
