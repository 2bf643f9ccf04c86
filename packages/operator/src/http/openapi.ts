import type { Schema } from '@pgherd/kube/schema';
import type { Route } from './route.ts';
import { failureSchema } from './schemas.ts';

/** The description of the routes: OpenAPI 3.0, https://spec.openapis.org/oas/v3.0.3 */
export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  return {
    openapi: '3.0.3',
    info: {
      title: 'pgherd operator',
      version: 'v1',
      description:
        'What the operator does and knows. From loopback without a token; from elsewhere with the token of a ' +
        'Kubernetes account that may `get` the path (`nonResourceURLs`). No credential is in any answer. ' +
        'A slash at the end of a path makes no difference: where the path has one, it is added by a redirect.',
    },
    components: {
      schemas: { Error: failureSchema },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    paths: Object.fromEntries(routes.map((route) => [route.path, { get: operationOf(route) }])),
  };
}

function operationOf({ path, summary, open, answers, failures }: Route): Record<string, unknown> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '');
  const refusals =
    open === true
      ? {}
      : {
          401: 'From elsewhere than loopback, and without a token that is valid.',
          403: 'The account may not get this path; or a browser asks for another site.',
        };
  const all = { ...refusals, ...failures };
  return {
    operationId: path.replaceAll(/[^\w]+/g, '_').replace(/^_/, 'get_'),
    summary,
    security: open === true ? [] : [{ token: [] }, {}],
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    responses: {
      200: { description: 'OK', content: contentOf(answers) },
      ...Object.fromEntries(
        Object.entries(all).map(([code, description]) => [
          code,
          { description, content: errorOf(answers, open) },
        ]),
      ),
    },
  };
}

function contentOf(answers: Schema | { contentType: string }): unknown {
  return 'contentType' in answers
    ? { [answers.contentType]: { schema: { type: 'string' } } }
    : { 'application/json': { schema: answers } };
}

/** Errors are JSON, but for the checks, which are lines of text whatever they find. */
function errorOf(answers: Route['answers'], open: boolean | undefined): unknown {
  return open === true && 'contentType' in answers
    ? contentOf(answers)
    : { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
}
