import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseSubnets, contains, nthAddress, overlaps, parseCidr, toAddress, toNumber } from './subnets.ts';

test('addresses and numbers are each other’s reverse', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(toAddress(toNumber(address))).toBe(address);
    }),
  );
});

test('a range ignores host bits', () => {
  expect(parseCidr('10.1.2.77/24')).toEqual(parseCidr('10.1.2.0/24'));
  expect(contains('10.1.2.0/24', '10.1.2.255')).toBe(true);
  expect(contains('10.1.2.0/24', '10.1.3.0')).toBe(false);
  expect(nthAddress('10.1.2.0/24', 1)).toBe('10.1.2.1');
});

test.each(['', '10.1.2.0/33', '10.1.2/24', '10.1.2.0/24/1', '10.1.2.0/-1', 'fd00::/64'])(
  '%j is no range',
  (text) => {
    expect(() => parseCidr(text)).toThrow(/not an IPv4/);
  },
);

test('the chosen pair overlaps nothing that is used', () => {
  const cidr = fc
    .tuple(
      fc.constantFrom('10', '192', '172'),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 255 }),
    )
    .chain(([a, b, c]) => fc.integer({ min: 12, max: 32 }).map((bits) => `${a}.${b}.${c}.0/${bits}`));
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 20 }), fc.integer({ min: 0, max: 255 }), (used, seed) => {
      const free = (text: string): boolean =>
        !used.some((other) => overlaps(parseCidr(text), parseCidr(other)));
      let pair;
      try {
        pair = chooseSubnets(used, seed);
      } catch {
        return;
      }
      expect(free(pair.podSubnet) && free(pair.serviceSubnet)).toBe(true);
    }),
  );
});

test('a machine that uses all of 10/8 gets an error that says so', () => {
  expect(() => chooseSubnets(['10.0.0.0/8'], 0)).toThrow(/no free address range/);
});

test('a taken service range moves the pair although the pod range is free', () => {
  expect(chooseSubnets(['10.214.7.0/24'], 7)).toEqual({
    podSubnet: '10.213.8.0/24',
    serviceSubnet: '10.214.8.0/24',
  });
});
