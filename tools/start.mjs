// npm start: sets up what is missing, then runs `media-pipeline` on the pinned Node. Plain JavaScript without packages: it runs before there are any.
import { startPipeline } from './setup/launch.mjs';
import { setUp } from './setup/index.mjs';
import { runMain } from './setup/say.mjs';

await runMain(async () => {
  await setUp();
  return startPipeline(process.argv.slice(2));
});
