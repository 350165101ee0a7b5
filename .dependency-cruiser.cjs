/** Imports point up the list of DECISIONS.md 1 only: core, configs, market, agents, sim, viz, experiments. */
const layer = (name, from, forbidden) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: forbidden },
});

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    layer('core-imports-nothing', '^sim/core/', '^(configs|market|agents|viz|experiments)/|^sim/(?!core/)'),
    layer('configs-import-core-only', '^configs/', '^(market|agents|viz|experiments)/|^sim/(?!core/)'),
    layer('market-never-imports-agents-or-sim', '^market/', '^(agents|viz|experiments)/|^sim/(?!core/)'),
    layer('agents-never-import-sim', '^agents/', '^(viz|experiments)/|^sim/(?!core/)'),
    layer('sim-never-imports-hosts', '^sim/', '^(viz|experiments)/'),
    layer('viz-never-imports-experiments', '^viz/', '^experiments/'),
    {
      name: 'model-runs-in-a-browser',
      comment: 'sim, market, agents and configs use no node: module',
      severity: 'error',
      from: { path: '^(sim|market|agents|configs)/.*\\.ts$', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(darwin-market|vite|vitest/\\w+|assemblyscript/asc)$|^node:' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/|\\.as\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
