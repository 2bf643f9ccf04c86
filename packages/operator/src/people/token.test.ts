import { expect, test } from 'vitest';
import { tokenOf } from './token.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64');

/** A Secret as it is read. */
function secret(data: Record<string, string>) {
  const entries = Object.entries(data).map(([key, value]) => [key, encoded(value)] as const);
  return { metadata: { resourceVersion: '7' }, data: Object.fromEntries(entries) };
}

const type = 'read-only-token-type';
const token = 'read-only-token-secret';

test('the token is read from the keys that other programs write', () => {
  const found = tokenOf(secret({ [type]: 'Bearer\n', [token]: 'abc\n' }), 'a/b');
  expect(found).toEqual({ value: 'abc', version: '7', problem: '' });
  expect(tokenOf(secret({ [type]: 'bearer', [token]: 'abc' }), 'a/b').value).toBe('abc');
});

test.each([
  [undefined, '', 'oauth_token_secret_name names no Secret with the token for the Teams API'],
  [undefined, 'a/b', 'there is no Secret a/b with the token for the Teams API'],
  [secret({}), 'a/b', 'Secret a/b has "" for read-only-token-type, and must have "Bearer"'],
  [
    secret({ [type]: 'Basic', [token]: 'abc' }),
    'a/b',
    'Secret a/b has "Basic" for read-only-token-type, and must have "Bearer"',
  ],
  [secret({ [type]: 'Bearer', [token]: ' \n' }), 'a/b', 'Secret a/b has no read-only-token-secret'],
])('%j has none', (given, where, problem) => {
  expect(tokenOf(given, where)).toMatchObject({ value: undefined, problem });
});
