import type { Settings } from '../../settings.ts';
import type { Found } from './held.ts';

/** Where the operator's configuration comes from. */
export type ConfigurationOrigin =
  /** Nobody configured anything. */
  | { type: 'defaults' }
  /** It is known already, and does not change. */
  | { type: 'fixed'; settings: Settings }
  /** A file that is read again whenever it changes. `read` never throws. */
  | { type: 'file'; path: string; read: () => Found }
  | { type: 'ConfigMap' | 'OperatorConfiguration'; namespace: string; name: string };

/**
 * The origin that the environment names: `POSTGRES_OPERATOR_CONFIGURATION_OBJECT` (name of an `OperatorConfiguration`
 * in the operator's namespace) wins over `CONFIG_MAP_NAME` (`[namespace/]name`).
 */
export function originOf(
  environment: Readonly<Record<string, string | undefined>>,
  own: string,
): ConfigurationOrigin {
  const resource = environment['POSTGRES_OPERATOR_CONFIGURATION_OBJECT']?.trim();
  if (resource) return { type: 'OperatorConfiguration', ...keyOf(resource, own) };
  const configMap = environment['CONFIG_MAP_NAME']?.trim();
  if (configMap) return { type: 'ConfigMap', ...keyOf(configMap, own) };
  return { type: 'defaults' };
}

function keyOf(text: string, own: string): { namespace: string; name: string } {
  const slash = text.indexOf('/');
  return slash < 0
    ? { namespace: own, name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** For people. */
export function describeOrigin(origin: ConfigurationOrigin): string {
  switch (origin.type) {
    case 'defaults':
      return 'the defaults';
    case 'fixed':
      return 'a fixed configuration';
    case 'file':
      return `file ${origin.path}`;
    case 'ConfigMap':
    case 'OperatorConfiguration':
      return `${origin.type} ${origin.namespace}/${origin.name}`;
    default:
      return origin satisfies never;
  }
}
