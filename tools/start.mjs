// npm start: sets up what is missing, then runs `media-pipeline` on the pinned Node. Plain JavaScript without packages: it runs before there are any.
import { runICloudDemo } from './demo/icloud.mjs';
import { startPipeline } from './setup/launch.mjs';
import { setUp } from './setup/index.mjs';
import { runMain } from './setup/say.mjs';

await runMain(async () => {
  await setUp();
  const args = process.argv.slice(2);
  return args.includes('--icloud-demo') ? runICloudDemo(args) : startPipeline(args);
});
