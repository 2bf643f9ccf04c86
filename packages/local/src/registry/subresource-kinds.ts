import type { KubeObject } from '@pgherd/kube/objects';
import { decode } from './decode.ts';
import { define } from './definition.ts';
import type { WriteOptions } from './registry.ts';

const kind = (group: string, name: string) =>
  define({ group, version: 'v1', kind: name, plural: `${name.toLowerCase()}s` });

/** Kinds that are only ever sent to a subresource; they are stored nowhere. */
const kinds = {
  Scale: kind('autoscaling', 'Scale'),
  Eviction: kind('policy', 'Eviction'),
  Binding: kind('', 'Binding'),
  TokenRequest: kind('authentication.k8s.io', 'TokenRequest'),
};

/**
 * Reads an object that a subresource takes.
 *
 * @throws ApiError 400 when it is of another kind or has a value of a wrong JSON type.
 */
export function decodeForSubresource(
  name: keyof typeof kinds,
  input: unknown,
  options: WriteOptions = { fieldValidation: 'Ignore' },
): KubeObject {
  return decode(kinds[name], input, options);
}
