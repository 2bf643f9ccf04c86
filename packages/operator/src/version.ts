import operator from '../package.json' with { type: 'json' };

/** Version of the operator, as its package says. */
export const operatorVersion: string = operator.version;
