import { overlay, parseConfiguration } from '@pgherd/api';
import { originOf, rbacObjects, type RbacObject } from '@pgherd/operator';
import { Document, isSeq, type Node } from 'yaml';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import { readSettings } from './read-configuration.ts';

/** Options of `pgherd operator rbac`. */
export interface RbacOptions {
  namespace?: string;
  operatorNamespace: string;
  serviceAccount: string;
  configuration?: string;
  output: string;
}

/** Prints the manifest with the operator's account and rights; it can be applied in any of the formats. */
export function printRbac(options: RbacOptions): void {
  const own = options.operatorNamespace;
  const { configuration, named } =
    options.configuration === undefined ? parseConfiguration({}) : readSettings(options.configuration);
  const environment = {
    ...process.env,
    WATCHED_NAMESPACE: options.namespace ?? process.env['WATCHED_NAMESPACE'],
  };
  const { configuration: watched, problems } = overlay(configuration, { environment });
  const wrong = problems.find(({ severity }) => severity === 'error');
  if (wrong !== undefined) throw new CommandError(`${wrong.field}: ${wrong.message}`, exitCode.wrongUsage);
  const duties = { configuration: watched, named, own, origin: originOf(process.env, own) };
  const objects = rbacObjects(duties, options.serviceAccount);
  const list = { apiVersion: 'v1', kind: 'List', items: objects.map(({ object }) => object) };
  print(parseOutputFormat(options.output), list, () => objects.map(documentOf).join('---\n').trimEnd());
}

function documentOf({ comment, object, ruleComments }: RbacObject): string {
  const document = new Document(object, { aliasDuplicateObjects: false });
  if (comment !== undefined) if (document.contents !== null) document.contents.commentBefore = ` ${comment}`;
  const rules = document.get('rules');
  if (isSeq<Node>(rules)) {
    for (const [index, rule] of rules.items.entries()) {
      const why = ruleComments[index];
      if (why !== undefined) rule.commentBefore = ` ${why}`;
      for (const key of ['apiGroups', 'resources', 'resourceNames', 'verbs']) {
        const list = document.getIn(['rules', index, key]);
        if (isSeq(list)) list.flow = true;
      }
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
