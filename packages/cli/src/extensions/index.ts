export { preloadLibraries } from './preload.ts';
export type { ExtensionReport } from './report.ts';
export {
  databaseQuery,
  queryCommand,
  serverQuery,
  type AvailableEntry,
  type DatabaseEntry,
  type InstalledEntry,
  type ServerEntry,
} from './queries.ts';
