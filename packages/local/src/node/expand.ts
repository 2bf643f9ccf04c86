/**
 * Kubernetes' expansion of `$(NAME)` in commands, arguments and environment values: known names are replaced,
 * `$$` is an escaped dollar, everything else stays as it is.
 * Source: kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables.
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole: string, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? whole;
  });
}
