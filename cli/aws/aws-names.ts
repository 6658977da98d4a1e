/** The names of what the stacks make, as the operator's commands call it. Deterministic: nothing is looked up to find it. */

/** Functions of a cell, each with the alias that is invoked. */
export type CellFunction = 'cart' | 'catalog' | 'checkout' | 'keeper' | 'replicator' | 'relay';
export const CELL_FUNCTIONS: readonly CellFunction[] = ['cart', 'catalog', 'checkout', 'keeper', 'replicator', 'relay'];

export const LIVE = 'live';
export const cellFunction = (cell: string, name: CellFunction) => `holdfast-${cell}-${name}`;
export const liveFunction = (cell: string, name: CellFunction) => `${cellFunction(cell, name)}:${LIVE}`;
export const ROUTER_FUNCTION = 'holdfast-router';
