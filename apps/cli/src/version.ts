import { createRequire } from 'node:module';
import path from 'node:path';

/** That of the workspace's package.json; `0.0.0` where the command was copied without it. */
export const version = ((): string => {
  // as a source file in apps/cli/src (tests), and built in dist/apps/cli/src
  for (const root of ['../../..', '../../../..']) {
    try {
      const manifest: unknown = createRequire(__filename)(path.join(__dirname, root, 'package.json'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string') return manifest.version;
    } catch {
      // not there
    }
  }
  return '0.0.0';
})();
