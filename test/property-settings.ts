/**
 * The seed of every property: fixed, so that the same commit always gives the same result, in CI too. To look for new
 * counterexamples, run `HOLDFAST_PROPERTY_SEED=random npm test` (or a number, to see one again): a failure prints its seed.
 */
import fc from 'fast-check';

const asked = process.env.HOLDFAST_PROPERTY_SEED ?? '20261121';
if (asked !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked) });
