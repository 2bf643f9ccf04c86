/** Flags of Zalando's operator, which Go takes with one dash as well as with two. */
const flag = /^-(kubeconfig|outofcluster|nodatabaseaccess|noteamsapi|kubeqps|kubeburst)(=.*)?$/;

/** The command line with flags that people have written for Zalando's operator in the form that is read here. */
export function withCurrentFlags(argv: readonly string[]): string[] {
  if (argv[0] !== 'operator' || argv[1] !== 'run') return [...argv];
  return argv.flatMap((argument) => {
    const long = flag.test(argument) ? `-${argument}` : argument;
    const [, name, value] = /^--(outofcluster|nodatabaseaccess|noteamsapi)=(.*)$/.exec(long) ?? [];
    if (name === undefined) return [long];
    return value === 'false' || value === '0' ? [] : [`--${name}`];
  });
}
