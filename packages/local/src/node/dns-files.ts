import type { Pod } from '@pgherd/kube/objects';

/** What pods are told about names. */
export interface DnsSettings {
  /** Address of the cluster's DNS server. */
  server: string;
  /** `cluster.local`. */
  clusterDomain: string;
}

/** Limits of the resolver (kubelet warns and cuts beyond them). */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;

/** The text of a pod's `/etc/resolv.conf`; `host` is the host's own. */
export function resolvConf(pod: Pod, dns: DnsSettings, host: string): string {
  const spec = pod.spec;
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const base = parse(host);
  const namespace = pod.metadata.namespace ?? 'default';
  let { servers, searches, options } = base;
  if (policy === 'None') {
    servers = [];
    searches = [];
    options = [];
  } else if (policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !spec?.hostNetwork)) {
    servers = [dns.server];
    searches = [
      `${namespace}.svc.${dns.clusterDomain}`,
      `svc.${dns.clusterDomain}`,
      dns.clusterDomain,
      ...searches,
    ];
    options = ['ndots:5'];
  }
  const config = spec?.dnsConfig;
  servers = unique([...servers, ...(config?.nameservers ?? [])]).slice(0, MAX_NAMESERVERS);
  searches = unique([...searches, ...(config?.searches ?? [])]).slice(0, MAX_SEARCHES);
  for (const option of config?.options ?? []) {
    options = options.filter((each) => each.split(':')[0] !== option.name);
    if (option.name)
      options.push(option.value === undefined ? option.name : `${option.name}:${option.value}`);
  }
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
}

function parse(text: string): { servers: string[]; searches: string[]; options: string[] } {
  const parsed = { servers: [] as string[], searches: [] as string[], options: [] as string[] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) parsed.servers.push(values[0]);
    if (keyword === 'search' || keyword === 'domain')
      parsed.searches = values.filter((value) => value !== '.');
    if (keyword === 'options') parsed.options = values;
  }
  return parsed;
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}

/** The pod's host name and, if it has a `subdomain`, its full name. */
export function podHostname(pod: Pod, clusterDomain: string): { hostname: string; fqdn: string | undefined } {
  const short = (pod.spec?.hostname ?? pod.metadata.name ?? '').slice(0, 63).replace(/[-.]+$/, '');
  const subdomain = pod.spec?.subdomain;
  const fqdn =
    subdomain === undefined || subdomain === ''
      ? undefined
      : `${short}.${subdomain}.${pod.metadata.namespace ?? 'default'}.svc.${clusterDomain}`;
  const asFqdn = pod.spec?.setHostnameAsFQDN === true && fqdn !== undefined;
  return { hostname: asFqdn ? fqdn : short, fqdn };
}

/** The text of a pod's `/etc/hosts`; a pod on the host's network gets the host's own file plus its aliases. */
export function hostsFile(pod: Pod, podIps: readonly string[], clusterDomain: string, host: string): string {
  const aliases = (pod.spec?.hostAliases ?? []).map(
    ({ ip, hostnames }) => `${ip ?? ''}\t${(hostnames ?? []).join('\t')}`,
  );
  const extra = aliases.length > 0 ? ['', '# Entries added by HostAliases.', ...aliases] : [];
  if (pod.spec?.hostNetwork === true) {
    return ['# Kubernetes-managed hosts file (host network).', host.trimEnd(), ...extra, ''].join('\n');
  }
  const { hostname, fqdn } = podHostname(pod, clusterDomain);
  const names = fqdn === undefined || fqdn === hostname ? hostname : `${fqdn}\t${hostname}`;
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIps.map((ip) => `${ip}\t${names}`),
    ...extra,
    '',
  ].join('\n');
}
