import { Chromium } from '../adapters/browser/chromium';

/** Starts a Chromium, says where its profile is, and stays until it is killed. */
void Chromium.launch({ executable: null, headless: true, slowMoMs: 0, extraArguments: [], hosts: [], warn: () => undefined }).then(async (chromium) => {
  await chromium.newPage();
  process.stdout.write(`${chromium.profile}\n`);
});
