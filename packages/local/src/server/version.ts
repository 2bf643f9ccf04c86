/** Kubernetes' version whose behaviour is served; kubectl compares it with its own. */
export const kubernetesVersion = { major: '1', minor: '30', gitVersion: 'v1.30.1+pgherd' };

/** The body of `/version`. */
export function versionInfo(): Record<string, string> {
  return {
    ...kubernetesVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
