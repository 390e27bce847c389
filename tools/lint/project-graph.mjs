import devkit from '@nx/devkit';

/** Computes Nx's project graph in this process and leaves it in Nx's cache, where the boundary rule reads it. */
export async function loadProjectGraph() {
  process.env.NX_DAEMON = 'false';
  process.env.NX_NO_CLOUD = 'true';
  return devkit.createProjectGraphAsync({ exitOnError: false });
}
