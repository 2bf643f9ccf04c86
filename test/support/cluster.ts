/**
 * The Kubernetes that a suite runs against: the one of `KUBECONFIG` when that is set, else an engine that the
 * suite's global setup started.
 */
export async function useCluster(): Promise<{ kubeconfigPath: string }> {
  const kubeconfigPath = process.env['PGHERD_TEST_KUBECONFIG'] ?? process.env['KUBECONFIG'];
  if (kubeconfigPath === undefined || kubeconfigPath === '') {
    throw new Error(
      'no cluster: the global setup of this vitest project did not start one, and KUBECONFIG is unset',
    );
  }
  return { kubeconfigPath };
}
