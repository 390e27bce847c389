import devkit from '@nx/devkit';

/** Computes Nx's project graph in this process and leaves it in Nx's cache, where the boundary rule reads it. */
export async function loadProjectGraph() {
  process.env.NX_DAEMON = 'false';
  process.env.NX_NO_CLOUD = 'true';
  const graph = await devkit.createProjectGraphAsync({ exitOnError: false });
  // Without `analyzeSourceFiles` in nx.json Nx sees no imports: then nothing is built before what needs it, and every boundary holds.
  if (!graph.dependencies.bus?.some(({ target }) => target === 'contracts')) throw new Error('The project graph lacks libs/bus → libs/contracts: Nx does not read the imports (nx.json, pluginsConfig).');
  return graph;
}
