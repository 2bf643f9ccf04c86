import { defineConfig } from 'vitest/config';

/** The operator against the real API server, without pods. */
const headless = ['test/machine/{operator,operator-*,crash-points,plan,bad-manifests}.test.ts'];

/** Projects by what they need of the machine; `scripts/test.ts` runs them in this order and adds up the counts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['test/support/property-seed.ts'],
          include: [
            'packages/*/src/**/*.test.ts',
            'images/*/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/chaos/**/*.test.ts',
          ],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'operator',
          setupFiles: ['test/support/property-seed.ts'],
          include: headless,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // Real containers, nftables, network namespaces: needs root and podman or Docker.
        test: {
          name: 'machine',
          setupFiles: ['test/support/property-seed.ts'],
          include: ['test/machine/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: headless,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // What a real Kubernetes does; runs against any kubeconfig, by default against an engine of its own.
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          globalSetup: ['test/support/conformance-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // Programs that share no code with pgherd: kubectl, the official client.
        test: {
          name: 'judges',
          include: ['test/judges/**/*.test.ts'],
          globalSetup: ['test/support/conformance-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // Their clusters wait more than they work, and each has an instance of its own.
          maxWorkers: 2,
        },
      },
    ],
  },
});
