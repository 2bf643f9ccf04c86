const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualified})?`;

const tooLong = (max: number): string => `must be no more than ${max} bytes`;
const regex = (what: string, source: string, examples: string[]): string => {
  const shown = examples.map((example) => `'${example}'`).join(', or ');
  return `${what} (e.g. ${shown}, regex used for validation is '${source}')`;
};
const whole = (source: string): RegExp => new RegExp(`^(?:${source})$`);

const isLabel = whole(label);
const isSubdomain = whole(subdomain);
const isLabel1035 = whole(label1035);
const isQualified = whole(qualified);
const isLabelValue = whole(labelValue);

/** Why `text` is no DNS label (RFC 1123), in Kubernetes' words; empty when it is one. */
export function dns1123LabelErrors(text: string): string[] {
  const errors = text.length > 63 ? [tooLong(63)] : [];
  if (!isLabel.test(text)) {
    const what =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    errors.push(regex(what, label, ['my-name', '123-abc']));
  }
  return errors;
}

/** Why `text` is no DNS subdomain (RFC 1123). */
export function dns1123SubdomainErrors(text: string): string[] {
  const errors = text.length > 253 ? [tooLong(253)] : [];
  if (!isSubdomain.test(text)) {
    const what =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    errors.push(regex(what, subdomain, ['example.com']));
  }
  return errors;
}

/** Why `text` is no DNS label that starts with a letter (RFC 1035): names of Services. */
export function dns1035LabelErrors(text: string): string[] {
  const errors = text.length > 63 ? [tooLong(63)] : [];
  if (!isLabel1035.test(text)) {
    const what =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    errors.push(regex(what, label1035, ['my-name', 'abc-123']));
  }
  return errors;
}

const qualifiedWords =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** Why `text` is no `name` or `dns.prefix/name`: keys of labels and annotations, finalizers. */
export function qualifiedNameErrors(text: string): string[] {
  const examples = ['MyName', 'my.name', '123-abc'];
  const parts = text.split('/');
  const [first = '', second] = parts;
  const errors: string[] = [];
  if (parts.length > 2) {
    const what = `a qualified name ${qualifiedWords}`;
    return [
      `${regex(what, qualified, examples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (second !== undefined) {
    if (first === '') errors.push('prefix part must be non-empty');
    else errors.push(...dns1123SubdomainErrors(first).map((error) => `prefix part ${error}`));
  }
  const name = second ?? first;
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > 63) errors.push(`name part ${tooLong(63)}`);
  if (!isQualified.test(name)) errors.push(`name part ${regex(qualifiedWords, qualified, examples)}`);
  return errors;
}

/** Why `text` may not be the value of a label. */
export function labelValueErrors(text: string): string[] {
  const errors = text.length > 63 ? [tooLong(63)] : [];
  if (!isLabelValue.test(text)) {
    const what = `a valid label must be an empty string or ${qualifiedWords.replace('must consist', 'consist')}`;
    errors.push(regex(what, labelValue, ['MyValue', 'my_value', '12345']));
  }
  return errors;
}
