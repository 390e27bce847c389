#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { describeFailure } from './failure';
import { buildProgram } from './program';

enableCompileCache();

// A reader that has seen enough (`media-pipeline asset list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

buildProgram()
  .parseAsync()
  .catch((thrown: unknown) => {
    const { text, exitCode } = describeFailure(thrown);
    if (text !== null) process.stderr.write(text);
    process.exitCode = exitCode;
  });
