import { asBuilt, type Procedure } from './stores.ts';

/** One way to move, and whether it does harm. */
export interface StoreCheck {
  name: string;
  procedure: Procedure;
  modes: readonly ('async' | 'sync')[];
  expect: 'safe' | 'harm';
}

/** The way that is built, and each condition of it taken away. */
export const storeChecks: StoreCheck[] = [
  { name: 'the state of a stopped cluster', procedure: asBuilt, modes: ['async', 'sync'], expect: 'safe' },
  {
    name: 'without: there is no pod (a rolling update to the new store)',
    procedure: { ...asBuilt, stopped: false, closes: false },
    modes: ['async'],
    expect: 'harm',
  },
  {
    name: 'without: the old lock was given back',
    procedure: { ...asBuilt, free: false },
    modes: ['async'],
    expect: 'harm',
  },
  {
    name: 'without: the state is copied',
    procedure: { ...asBuilt, copies: false },
    modes: ['sync'],
    expect: 'harm',
  },
  {
    name: 'without: the old lock is closed',
    procedure: { ...asBuilt, closes: false },
    modes: ['async'],
    expect: 'harm',
  },
];
