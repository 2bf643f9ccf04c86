import {
  attributeNames,
  type Declared,
  type DeclaredRole,
  execute,
  observe,
  PasswordChecker,
} from '@pgherd/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresLab } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start();
});
afterAll(() => lab?.stop());

test('from any state to any other: the plan leaves nothing to do, wherever it was cut', async () => {
  const names = fc.constantFrom('p1', 'p2', 'p "3"', 'P4');
  const roles = fc.uniqueArray(
    fc.record({
      name: names,
      attributes: fc.dictionary(fc.constantFrom(...attributeNames), fc.boolean()),
      password: fc.constantFrom('a', 'b'),
    }),
    { selector: ({ name }) => name },
  );
  const states = roles.chain((roles): fc.Arbitrary<Declared> => {
    const existing = roles.map(({ name }) => name);
    if (existing.length === 0) return fc.constant({ roles: [], databases: [] });
    // Memberships only point backwards, because PostgreSQL refuses circles.
    return fc.record({
      roles: fc.tuple(
        ...roles.map((role, index) =>
          fc.subarray(existing.slice(0, index)).map((memberOf): DeclaredRole => ({ ...role, memberOf })),
        ),
      ),
      databases: fc.constantFrom(...existing).map((owner) => [{ name: 'property', owner }]),
    });
  });
  const checker = new PasswordChecker();
  await fc.assert(
    fc.asyncProperty(states, states, fc.nat(12), async (before, after, cut) => {
      await lab.superuser.query('DROP DATABASE IF EXISTS property');
      await lab.superuser.query('DROP ROLE IF EXISTS p1, p2, "p ""3""", "P4"');
      await lab.apply(before);
      const started = await lab.plan(after, checker);
      await execute(lab.sessions, started.steps.slice(0, cut));
      // Memberships that were there may make those that are asked for circular.
      const rest = await lab.plan(after, checker);
      const { failed } = await execute(lab.sessions, rest.steps);
      expect(failed.filter(({ error }) => error.code !== '0LP01')).toEqual([]);
      const left = await lab.plan(after, checker);
      expect(left.steps.map(({ what }) => what)).toEqual(failed.map(({ step }) => step.what));
    }),
    { numRuns: 25 },
  );
});

test('looking does not write', async () => {
  await lab.superuser.transaction(async () => {
    await lab.superuser.query('SET TRANSACTION READ ONLY');
    expect((await observe(lab.superuser)).roles.has('postgres')).toBe(true);
  });
});
