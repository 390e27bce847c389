#!/usr/bin/env node
// npx media-pipeline …: the command itself on the pinned Node; sets up first when this checkout was never built.
import { existsSync } from 'node:fs';
import { setUp } from './setup/index.mjs';
import { cli, runCommand } from './setup/launch.mjs';
import { runMain } from './setup/say.mjs';

await runMain(async () => {
  if (!existsSync(cli)) await setUp();
  return runCommand(process.argv.slice(2));
});
