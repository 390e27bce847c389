import { access, constants } from 'node:fs/promises';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable', '/opt/google/chrome/chrome', '/snap/bin/chromium'];

/** The first Chromium or Chrome that is installed where distributions put it; null: none. */
export async function installedChromium(): Promise<string | null> {
  for (const program of programs) {
    if (await access(program, constants.X_OK).then(() => true, () => false)) return program;
  }
  return null;
}
