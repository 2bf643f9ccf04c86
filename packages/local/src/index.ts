export { startLocal, instanceExists, type Local, type LocalOptions } from './serve.ts';
export { resetLocal, stopLocalPods } from './tear-down.ts';
export { writeKubeconfig } from './auth/kubeconfig.ts';
export { defaultHome, loadOrCreateInstance } from './instance/load.ts';
export { describeProcess, serverProcess, type ServerProcess } from './instance/lock.ts';
export type { Instance } from './instance/instance.ts';
export { readPodsNote, type PodsNote } from './pods-note.ts';
