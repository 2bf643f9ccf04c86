import { expect, test } from 'vitest';
import { PasswordChecker } from './password-checker.ts';
import { scramVerifier } from './scram.ts';
import { observedRole, observedServer, role } from './testing.ts';

test('an empty, missing or unwanted password needs no verifier', async () => {
  const roles = [role('a'), role('b', [], { password: '' }), role('c', [], { password: null })];
  expect(await new PasswordChecker().newVerifiers(roles, observedServer())).toEqual(new Map());
});

test('the same password needs no new verifier, and the answer is remembered', async () => {
  const salt = Buffer.alloc(16, 7);
  const verifier = await scramVerifier('secret', salt);
  const observed = observedServer(observedRole('a', { verifier }));
  const checker = new PasswordChecker(() => salt);
  for (const password of ['secret', 'secret', verifier])
    expect(await checker.newVerifiers([role('a', [], { password })], observed)).toEqual(new Map());
  const changed = await checker.newVerifiers([role('a', [], { password: 'other' })], observed);
  expect(changed.get('a')).toBe(await scramVerifier('other', salt));
});

test('what is hashed already is passed on as it is', async () => {
  const md5 = `md5${'0123456789abcdef'.repeat(2)}`;
  const scram = await scramVerifier('x', Buffer.alloc(16, 1), 100_000);
  const roles = [role('a', [], { password: md5 }), role('b', [], { password: scram })];
  expect(await new PasswordChecker().newVerifiers(roles, observedServer())).toEqual(
    new Map([
      ['a', md5],
      ['b', scram],
    ]),
  );
});

test('a verifier that a role made so that checking it takes minutes is replaced without checking', async () => {
  const cheap = await scramVerifier('secret', Buffer.alloc(16, 7), 1);
  const verifier = cheap.replace('$1:', '$999999999:');
  const observed = observedServer(observedRole('a', { verifier }));
  const found = await new PasswordChecker().newVerifiers([role('a', [], { password: 'secret' })], observed);
  expect(found.get('a')).toMatch(/^SCRAM-SHA-256\$4096:/);
});
