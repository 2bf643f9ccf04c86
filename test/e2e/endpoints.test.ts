import { defineClusterSuite } from '../support/cluster-suite.ts';

defineClusterSuite('endpoints');
