import fc from 'fast-check';

/**
 * What property tests begin with. `make test` decides whether a change may land, so the same tree must give the same answer:
 * the seed is fixed. `make fuzz` looks for more with fresh ones (`PROPERTY_SEED=random`); a number repeats a run.
 */
const wanted = process.env['PROPERTY_SEED'] ?? '20261121';
if (wanted !== 'random') {
  const seed = Number(wanted);
  if (!Number.isInteger(seed))
    throw new Error(`PROPERTY_SEED "${wanted}" must be a whole number, or "random"`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
