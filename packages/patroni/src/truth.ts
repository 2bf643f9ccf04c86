/** Whether Patroni takes a value of its configuration for true, whoever wrote it there by hand. Source: Patroni's `parse_bool`. */
export function isOn(value: unknown): boolean {
  return value === true || ['on', 'true', 'yes', '1'].includes(String(value).toLowerCase());
}
