import { expect, test } from 'vitest';
import { parsePamArguments } from './arguments.ts';
import { judge } from './verdict.ts';

const now = 1_800_000_000;
const wanted = parsePamArguments(['https://i/?t=', 'uid', 'realm=/employees']);
const good = { uid: 'jane', realm: '/employees', expires_in: 3598, scope: ['uid'], token_type: 'Bearer' };
const verdict = (fields: unknown): string | undefined => judge(JSON.stringify(fields), 'jane', wanted, now);

test.each([
  ['with expires_in', good],
  ['with exp', { ...good, expires_in: undefined, exp: now + 1 }],
  ['without a word on its end', { ...good, expires_in: undefined }],
  ['active', { ...good, active: true }],
])('a good token, %s', (_what, fields) => {
  expect(verdict(fields)).toBeUndefined();
});

test.each([
  ["the token's uid is another user", { ...good, uid: 'joe' }],
  ["the token's uid is another user", { ...good, uid: 'Jane' }],
  ["the token's uid is another user", { ...good, uid: 'jane ' }],
  ["the token's uid is missing or no text", { ...good, uid: undefined }],
  ["the token's uid is missing or no text", { ...good, uid: ['jane'] }],
  ["the token's realm is not what it must be", { ...good, realm: '/services' }],
  ["the token's realm is not what it must be", { ...good, realm: undefined }],
  ["the token's realm is not what it must be", { ...good, realm: ['/employees'] }],
  ['the token has expired', { ...good, expires_in: 0 }],
  ['the token has expired', { ...good, expires_in: -5 }],
  ['the token has expired', { ...good, exp: now }],
  ["the token's expires_in is not a number", { ...good, expires_in: '3598' }],
  ["the token's exp is not a number", { ...good, exp: null }],
  ['the token is not active', { ...good, active: false }],
  ['the token is not active', { ...good, active: 'false' }],
  ['the token-info server did not answer with a JSON object', [good]],
  ['the token-info server did not answer with a JSON object', null],
  ['the token-info server did not answer with a JSON object', 'jane'],
])('%s: %j', (why, fields) => {
  expect(verdict(fields)).toBe(why);
});

test('what is no JSON', () => {
  for (const body of ['', '<html>', '{"uid":"jane"', '{"uid":"jane"} {}']) {
    expect(judge(body, 'jane', wanted, now)).toBe('the token-info server did not answer with JSON');
  }
});

test('a condition may ask for a number or a truth value; what every object has is no field', () => {
  const asks = (...conditions: string[]): string | undefined =>
    judge(
      '{"uid":"jane","level":3,"staff":true,"none":null}',
      'jane',
      parsePamArguments(['https://i/?t=', 'uid', ...conditions]),
      now,
    );
  expect(asks('level=3', 'staff=true')).toBeUndefined();
  expect(asks('level=4')).toBe("the token's level is not what it must be");
  expect(asks('none=null')).toBe("the token's none is not what it must be");
  expect(asks('toString=undefined', '__proto__=null')).toBe("the token's toString is not what it must be");
  const inherited = parsePamArguments(['https://i/?t=', 'constructor']);
  expect(judge('{}', 'jane', inherited, now)).toBe("the token's constructor is missing or no text");
});
