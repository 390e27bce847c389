import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';

const Manifest = z.object({ version: z.string() });

/** That of the workspace's package.json; `0.0.0` where the command was copied without it. */
export const version = ((): string => {
  // as a source file in apps/cli/src (tests), and built in dist/apps/cli/src
  for (const root of ['../../..', '../../../..']) {
    try {
      return Manifest.parse(createRequire(__filename)(path.join(__dirname, root, 'package.json'))).version;
    } catch {
      // not there
    }
  }
  return '0.0.0';
})();
