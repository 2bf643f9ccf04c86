import type { KubeObject } from '@pgherd/kube/objects';
import { invalid, invalidError } from '@pgherd/kube/schema';
import type { Attributes } from '../auth/auth.ts';
import { reviewToken, userInfo } from '../auth/authenticator.ts';
import { decode } from '../registry/decode.ts';
import { define } from '../registry/definition.ts';
import { badRequest } from '../registry/errors.ts';
import { decodeForSubresource } from '../registry/subresource-kinds.ts';
import type { User } from '../registry/registry.ts';
import type { ApiServerOptions } from './server-options.ts';
import type { VirtualResource } from './virtual-resources.ts';

interface AccessSpec {
  resourceAttributes?: {
    namespace?: string;
    verb?: string;
    group?: string;
    version?: string;
    resource?: string;
    subresource?: string;
    name?: string;
  };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
}

/** Answers a review: the object that was sent, with `status`. */
export function answerReview(
  options: ApiServerOptions,
  resource: VirtualResource,
  user: User,
  namespace: string | undefined,
  input: KubeObject,
): KubeObject {
  const decoded = decode(define(resource), input, { fieldValidation: 'Ignore' });
  const spec = (decoded['spec'] ?? {}) as Record<string, unknown>;
  const status = statusFor(options, resource, user, namespace, spec);
  const { group, version, kind } = resource;
  return {
    kind,
    apiVersion: `${group}/${version}`,
    metadata: { ...decoded.metadata },
    ...(kind === 'SelfSubjectReview' ? {} : { spec }),
    status,
  };
}

function statusFor(
  options: ApiServerOptions,
  resource: VirtualResource,
  user: User,
  namespace: string | undefined,
  spec: Record<string, unknown>,
): Record<string, unknown> {
  switch (resource.kind) {
    case 'TokenReview': {
      if (typeof spec['token'] !== 'string' || spec['token'] === '') {
        throw badRequest('token is required for TokenReview in authentication');
      }
      return reviewToken(options.authenticator, spec);
    }
    case 'SelfSubjectReview':
      return { userInfo: userInfo(user) };
    case 'SelfSubjectRulesReview': {
      const where = spec['namespace'];
      if (typeof where !== 'string' || where === '') throw badRequest('no namespace on request');
      return (
        options.authorizer.reviewRules?.(user, where) ?? {
          resourceRules: [],
          nonResourceRules: [],
          incomplete: true,
          evaluationError: 'this authorizer cannot list rules',
        }
      );
    }
    case 'SelfSubjectAccessReview':
      return decide(options, resource, user, spec);
    default: {
      const { user: name = '', groups = [], uid } = spec as AccessSpec;
      if (name === '' && groups.length === 0) {
        const error = invalid('spec.user', name, 'at least one of user or group must be specified');
        throw invalidError({ group: resource.group, kind: resource.kind }, '', [error]);
      }
      const where = (spec as AccessSpec).resourceAttributes?.namespace;
      if (resource.kind === 'LocalSubjectAccessReview' && where !== namespace) {
        const error = invalid('spec.resourceAttributes.namespace', where, 'must match metadata.namespace');
        throw invalidError({ group: resource.group, kind: resource.kind }, '', [error]);
      }
      return decide(options, resource, { name, groups, ...(uid ? { uid } : {}) }, spec);
    }
  }
}

function decide(
  options: ApiServerOptions,
  resource: VirtualResource,
  user: User,
  spec: AccessSpec,
): Record<string, unknown> {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (!resourceAttributes === !nonResourceAttributes) {
    const error = invalid(
      'spec.resourceAttributes',
      resourceAttributes,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
    throw invalidError({ group: resource.group, kind: resource.kind }, '', [error]);
  }
  const attributes: Attributes = nonResourceAttributes
    ? { user, verb: nonResourceAttributes.verb ?? '', path: nonResourceAttributes.path ?? '' }
    : { user, ...withoutEmpty(resourceAttributes ?? {}), verb: resourceAttributes?.verb ?? '' };
  const { allowed, reason } = options.authorizer.authorize(attributes);
  return { allowed, ...(reason ? { reason } : {}) };
}

function withoutEmpty(attributes: Record<string, string>): Partial<Attributes> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));
}

/** POST to `serviceaccounts/NAME/token`. */
export function requestToken(
  options: ApiServerOptions,
  namespace: string,
  name: string,
  input: KubeObject,
): KubeObject {
  const spec = (decodeForSubresource('TokenRequest', input)['spec'] ?? {}) as {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; name?: string; uid?: string } | null;
  };
  const bound = spec.boundObjectRef ?? undefined;
  const kind = bound?.kind;
  if (bound && kind !== 'Pod' && kind !== 'Secret') {
    throw badRequest(`cannot bind token for serviceaccount "${name}" to object kind "${kind ?? ''}"`);
  }
  const expirationSeconds = spec.expirationSeconds ?? 3600;
  const { token, expirationTimestamp } = options.tokenIssuer.issue({
    namespace,
    serviceAccount: name,
    expirationSeconds,
    ...(spec.audiences ? { audiences: spec.audiences } : {}),
    ...(bound && (kind === 'Pod' || kind === 'Secret')
      ? { boundObject: { kind, name: bound.name ?? '', uid: bound.uid ?? '' } }
      : {}),
  });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z') },
    spec: { ...spec, expirationSeconds },
    status: { token, expirationTimestamp },
  };
}
