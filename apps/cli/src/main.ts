#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { buildProgram } from './program';

enableCompileCache();

// A reader that has seen enough (`media-pipeline asset list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

buildProgram(process.argv.slice(2))
  .then((program) => program.parseAsync())
  .catch(async (thrown: unknown) => {
    const { describeFailure } = await import('./failure.js');
    const { text, exitCode } = describeFailure(thrown);
    if (text !== null) process.stderr.write(text);
    process.exitCode = exitCode;
  });
