import {
  parseRoleDetails,
  roleName,
  type Configuration,
  type InfrastructureRoleSecret,
  type NamespacedName,
  type Problem,
  type RoleDetails,
} from '@pgherd/api';
import type { ConfigMap, Secret } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import type { InfrastructureRole } from '../render/input.ts';
import { refusedFlags, refusedName, reservedFor } from '../render/roles/names.ts';
import type { ObjectSource } from './source.ts';

/** The roles that every cluster gets, and what is wrong where they are written. */
export interface Infrastructure {
  /** Of each name one, by name. */
  roles: InfrastructureRole[];
  /** One for each entry that is left out; none has a password in it. */
  problems: Problem[];
}

/** A Secret that the configuration names, with how roles are written in it. */
interface Place {
  /** Path of the setting. */
  field: string;
  secret: NamespacedName;
  description: Omit<InfrastructureRoleSecret, 'secretname'>;
}

/** What is found at a place: keys of the Secret with their values, and the ConfigMap of the same name. */
interface Content {
  /** For people. */
  secret: string;
  values: Map<string, string>;
  configMap: { name: string; entries: [string, string][] } | undefined;
}

/** A role as it is written, before it is looked at. */
type Written = Omit<InfrastructureRole, 'password'> & { password: string | undefined };

/** The old form: numbered keys. */
const numbered = { userkey: 'user', passwordkey: 'password', rolekey: 'inrole', template: true };

/**
 * Where the roles of all clusters are looked for: the namespaces of each Secret (and of the ConfigMap of its name), the first
 * that has it. A Secret without a namespace is the operator's; Zalando's operator looks in `default` for some of them.
 */
export function infrastructurePlaces(
  configuration: Configuration,
  own: string,
): { name: string; namespaces: string[] }[] {
  return placesOf(configuration).map(({ secret }) => ({
    name: secret.name,
    namespaces: namespacesOf(secret, own),
  }));
}

/**
 * Reads `infrastructure_roles_secrets` and `infrastructure_roles_secret_name`; undefined when neither is set. A wrong entry
 * costs itself only. Of two roles of one name the later wins: the ConfigMap after its Secret, the old form last.
 */
export function infrastructureOf(
  source: Pick<ObjectSource, 'get'>,
  configuration: Configuration,
  own: string,
): Infrastructure | undefined {
  const places = placesOf(configuration);
  if (places.length === 0) return undefined;
  const problems: Problem[] = [];
  const warn = (field: string, message: string): void => {
    problems.push({ severity: 'warning', field, message });
  };
  const roles = new Map<string, InfrastructureRole>();
  for (const place of places) {
    const content = contentOf(source, place, own);
    if (content === undefined) {
      const where = namespacesOf(place.secret, own).map((namespace) => `${namespace}/${place.secret.name}`);
      warn(place.field, `there is no Secret ${where.join(' or ')}; create it, or remove the setting.`);
      continue;
    }
    for (const role of writtenIn(place, content, warn)) {
      const reason = refusal(role, configuration);
      if (reason !== undefined) {
        warn(role.source, reason);
        continue;
      }
      const other = roles.get(role.name);
      if (other !== undefined)
        warn(
          other.source,
          `the role \`${role.name}\` is declared again by ${role.source}, which wins; remove one of them.`,
        );
      roles.set(role.name, { ...role, password: role.password ?? '' });
    }
  }
  return { roles: [...roles.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

function placesOf(configuration: Configuration): Place[] {
  const { infrastructure_roles_secrets: list, infrastructure_roles_secret_name: old } = configuration;
  return [
    ...list.map(({ secretname: secret, ...description }, index): Place => {
      const field =
        list.length === 1 ? 'infrastructure_roles_secrets' : `infrastructure_roles_secrets[${index}]`;
      return {
        field,
        secret,
        description: description.template === true ? { ...numbered, ...description } : description,
      };
    }),
    ...(old === undefined
      ? []
      : [{ field: 'infrastructure_roles_secret_name', secret: old, description: numbered }]),
  ];
}

function namespacesOf({ namespace }: NamespacedName, own: string): string[] {
  return namespace === undefined ? [...new Set([own, 'default'])] : [namespace];
}

function contentOf(
  source: Pick<ObjectSource, 'get'>,
  { secret: { name, ...secret } }: Place,
  own: string,
): Content | undefined {
  for (const namespace of namespacesOf({ name, ...secret }, own)) {
    const found = source.get(kinds.secret, namespace, name) as Secret | undefined;
    if (found === undefined) continue;
    const configMap = source.get(kinds.configMap, namespace, name) as ConfigMap | undefined;
    return {
      secret: `Secret ${namespace}/${name}`,
      values: new Map(
        Object.entries(found.data ?? {}).map(([key, value]) => [
          key,
          Buffer.from(value, 'base64').toString('utf8'),
        ]),
      ),
      configMap:
        configMap === undefined
          ? undefined
          : {
              name: `ConfigMap ${namespace}/${name}`,
              entries: Object.entries(configMap.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
            },
    };
  }
  return undefined;
}

type Warn = (field: string, message: string) => void;

function writtenIn({ field, description }: Place, content: Content, warn: Warn): Written[] {
  const ofSecret =
    description.template === true
      ? numberedRoles(description, content, warn)
      : singleRole(field, description, content, warn);
  const ofConfigMap = describedRoles(content, warn);
  if (description.template === true && ofSecret.length + (content.configMap?.entries.length ?? 0) === 0)
    warn(field, `there is no role in ${content.secret}: it has no key \`${description.userkey}1\`.`);
  return [...ofSecret, ...ofConfigMap];
}

/** `user1`, `password1`, `inrole1`, `user2` …, up to the first number that is missing. */
function numberedRoles(
  description: Place['description'],
  { secret, values }: Content,
  warn: Warn,
): Written[] {
  const { userkey = '', passwordkey = '', rolekey = '' } = description;
  const roles: Written[] = [];
  let number = 1;
  for (; values.has(`${userkey}${number}`); number++) {
    const group = values.get(`${rolekey}${number}`) ?? '';
    roles.push({
      name: values.get(`${userkey}${number}`) ?? '',
      password: values.get(`${passwordkey}${number}`),
      flags: [],
      memberOf: group === '' ? [] : [group],
      settings: {},
      source: `${secret}, key ${userkey}${number}`,
    });
  }
  for (const key of values.keys()) {
    const suffix = key.startsWith(userkey) ? key.slice(userkey.length) : '';
    if (/^[1-9]\d*$/.test(suffix) && Number(suffix) > number)
      warn(
        `${secret}, key ${key}`,
        `it is not read, because there is no \`${userkey}${number}\`; number without gaps.`,
      );
  }
  return roles;
}

/** One role, at the keys that the description names. */
function singleRole(
  field: string,
  {
    userkey = '',
    passwordkey = '',
    rolekey = '',
    defaultuservalue = '',
    defaultrolevalue = '',
    details = '',
  }: Place['description'],
  { secret, values, configMap }: Content,
  warn: Warn,
): Written[] {
  const isDescribed = userkey !== '' || defaultuservalue !== '';
  if (!isDescribed) {
    if (configMap === undefined)
      warn(
        field,
        `it does not say which role is in ${secret}: name a \`userkey\` or a \`defaultuservalue\`, or make a ConfigMap of the Secret's name.`,
      );
    return [];
  }
  const name = firstOf(values.get(userkey), defaultuservalue);
  const source = userkey === '' ? secret : `${secret}, key ${userkey}`;
  if (name === '') {
    warn(source, 'it is missing or empty; put the name of the role there, or name a `defaultuservalue`.');
    return [];
  }
  const group = firstOf(values.get(rolekey), defaultrolevalue);
  const text = details === '' ? undefined : values.get(details);
  const more = text === undefined ? { memberOf: [] } : detailsOf(text);
  if (typeof more === 'string') {
    warn(`${secret}, key ${details}`, more);
    return [];
  }
  const memberOf = [...new Set([...(group === '' ? [] : [group]), ...more.memberOf])];
  const role = { flags: [], settings: {}, ...more, name, memberOf, source };
  return [{ ...role, password: passwordkey === '' ? undefined : values.get(passwordkey) }];
}

function firstOf(...texts: (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== '') ?? '';
}

/** Or what is wrong with the text. */
function detailsOf(text: string): RoleDetails | string {
  try {
    return parseRoleDetails(text);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}.`;
  }
}

/** An entry of the ConfigMap for each role, called like it; its password is in the Secret, at the same key. */
function describedRoles({ values, configMap, secret }: Content, warn: Warn): Written[] {
  return (configMap?.entries ?? []).flatMap(([name, text]): Written[] => {
    const source = `${configMap?.name}, key ${name}`;
    const details = detailsOf(text);
    if (typeof details === 'string') {
      warn(source, details);
      return [];
    }
    const password = values.get(name);
    if (password === undefined) {
      warn(source, `its password is missing; put it into ${secret}, at the key \`${name}\`.`);
      return [];
    }
    return [{ ...details, name, password, source }];
  });
}

function refusal({ name, password, flags }: Written, configuration: Configuration): string | undefined {
  const reason = refusedName(name) ?? reservedFor(name, configuration) ?? refusedFlags(flags);
  if (reason !== undefined) return reason;
  if (!roleName.test(name))
    return `${JSON.stringify(name)} cannot be used as a name; use lower-case letters, digits, dashes and underscores (and dots between them), beginning and ending with a letter or digit.`;
  if (password === undefined || password === '')
    return `the role \`${name}\` has no password; put one beside its name.`;
  return undefined;
}
