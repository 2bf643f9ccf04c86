import { removeInstance, startInstance, suiteHome } from './instance.ts';

/** Starts an engine without operator for the conformance suite, unless `KUBECONFIG` names a cluster. */
export async function setup(): Promise<() => Promise<void>> {
  const given = process.env['KUBECONFIG'];
  if (given !== undefined && given !== '') {
    process.env['PGHERD_TEST_KUBECONFIG'] = given;
    return async () => {};
  }
  const home = suiteHome('conformance');
  await removeInstance(home);
  process.env['PGHERD_TEST_KUBECONFIG'] = await startInstance(home, { operator: false });
  return () => removeInstance(home);
}
