/** Amount of CPU: millicores or cores with at most three decimals. */
export const cpuPattern = String.raw`^(\d+m|\d+(\.\d{1,3})?)$`;

/** Amount of memory or storage: a Kubernetes quantity in bytes. */
export const sizePattern = String.raw`^(\d+(e\d+)?|\d+(\.\d+)?(e\d+)?[EPTGMK]i?)$`;

/** A percentage from 1 to 99, or an amount of storage. */
export const shareOrSizePattern = String.raw`^([1-9]\d?%|\d+(\.\d+)?[EPTGMK]i?)$`;

/** A percentage from 1 to 999, or an amount of storage. */
export const stepPattern = String.raw`^([1-9]\d{0,2}%|\d+(\.\d+)?[EPTGMK]i?)$`;

/** A duration in whole hours, minutes or seconds. */
export const shortDurationPattern = String.raw`^\d+(s|m|h)$`;

/** Cron schedule of five fields, each a number, `*` or a step; no lists, ranges or names. */
export const cronPattern = String.raw`^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$`;

const timeOfDay = String.raw`(2[0-3]|[01]?\d):([0-5]?\d)`;

/** `HH:MM-HH:MM` for every day, or `Www:HH:MM-HH:MM`. */
export const maintenanceWindowPattern = String.raw`^ *((Mon|Tue|Wed|Thu|Fri|Sat|Sun):${timeOfDay}|${timeOfDay})-${timeOfDay} *$`;

const byte = String.raw`(25[0-5]|2[0-4]\d|1?\d?\d)`;

/** IPv4 or IPv6 network in CIDR notation; that an IPv6 address is well formed is checked after the schema. */
export const cidrPattern = String.raw`^((${byte}\.){3}${byte}/(3[0-2]|[12]?\d)|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/(12[0-8]|1[01]\d|[1-9]?\d))$`;

/** RFC 3339 with a numeric offset: Spilo hands it on to PostgreSQL, and `Z` was never accepted. */
export const timestampPattern = String.raw`^([0-9]+)-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(\.[0-9]+)?(([+-]([01][0-9]|2[0-3]):[0-5][0-9]))$`;

/** DNS-1035 label, the form of a Service's name. */
export const dns1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/** DNS-1123 label, the form of a container's or a volume's name. */
export const dns1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Value of a label. */
export const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Name of an annotation; unlike that of a label it may have capitals before the slash. */
export const annotationName =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[a-z0-9]([-a-z0-9_.]{0,61}[a-z0-9])?$/i;

/** DNS-1123 subdomain, the form of most objects' names. */
export const objectName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Role names in the manifest: they become parts of Secret names. */
export const roleName = /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;

/** Names of databases and schemas in the manifest. */
export const databaseName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
