import { build } from './build.mjs';
import { installDependencies, linkPostgresLibraries } from './dependencies.mjs';
import { installSystemPrograms, programs, testPrograms } from './programs.mjs';
import { checkRuntime } from './runtime.mjs';

/** Everything between a fresh checkout and a program that runs. Does only what is not done yet. */
export async function setUp(wanted = programs) {
  await installDependencies();
  await checkRuntime();
  await installSystemPrograms(wanted);
  await build();
}

/** The same, and what only tests need. */
export async function setUpTests() {
  await setUp([...programs, ...testPrograms]);
  linkPostgresLibraries();
}
