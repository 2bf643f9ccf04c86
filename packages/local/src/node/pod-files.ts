import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '@pgherd/kube/objects';
import { hostsFile, resolvConf } from './dns-files.ts';
import type { DnsSettings } from './dns-files.ts';

/** Writes the pod's own `/etc/hosts` and `/etc/resolv.conf`, in place: running containers have them mounted. */
export function writePodFiles(directory: string, pod: Pod, podIp: string, dns: DnsSettings): void {
  mkdirSync(directory, { recursive: true });
  const ips = podIp === '' ? [] : [podIp];
  writeIfChanged(join(directory, 'hosts'), hostsFile(pod, ips, dns.clusterDomain, read('/etc/hosts')));
  writeIfChanged(join(directory, 'resolv.conf'), resolvConf(pod, dns, read('/etc/resolv.conf')));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function writeIfChanged(path: string, text: string): void {
  if (read(path) !== text) writeFileSync(path, text, { mode: 0o644 });
}
