// npm start -- --icloud-demo: the whole way from a sign-in with a code to the archive and back into iCloud, with a stand-in for iCloud on this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { cli, makeSample, sample } from '../setup/launch.mjs';
import { node } from '../setup/runtime.mjs';
import { SetupError } from '../setup/say.mjs';
import { capture, environment, root, runThrough } from '../setup/shell.mjs';

const place = path.join(root, 'tmp', 'icloud-demo');
const settings = path.join(place, 'settings.env');
const print = (line = '') => void process.stdout.write(`${line}\n`);
const interrupted = 130;
const patienceMs = 60_000;

/** The settings of the demonstration. All others have their defaults, whatever the environment says: it might name a real account. */
export const settingsText = ({ endpoints, pageUrl, username, password }) => `# Made anew by each \`npm start -- --icloud-demo\`. The addresses are those of the stand-in on this machine: no Apple server is asked.
NAS_MOUNT=library
ENABLE_FOLDER_DOWNLOAD=false
ENABLE_ICLOUD_DOWNLOAD=true
ICLOUD_USERNAME=${username}
ICLOUD_PASSWORD="${password}"
ICLOUD_AUTH_URL=${endpoints.auth}
ICLOUD_SETUP_URL=${endpoints.setup}
ICLOUD_PHOTOS_URL=${pageUrl}
# By the calls of Apple's page: no browser is needed for it.
ICLOUD_UPLOAD_ROUTE=http
SECRETS_KEY=only-for-the-demonstration
`;

/**
 * What the second reading found, in words.
 * @param {{ asked: { changed: string[] } | null, zones: object[] }} status as `icloud status --json` has it
 * @param {number} downloads files that the stand-in gave out meanwhile
 */
export function secondReading({ asked, zones }, downloads) {
  if (downloads > 0) return `The second reading downloaded ${downloads} files, and should have downloaded none.`;
  const here = zones.reduce((total, { full }) => total + (full ? full.taken + full.here : 0), 0);
  const own = zones.reduce((total, { changes }) => total + (changes?.skipped.own_upload ?? 0), 0);
  const said = asked?.changed.length === 0 ? 'asked what is new, iCloud said nothing, and' : own > 0 ? `asked what is new, iCloud named the ${own} that were uploaded from here, which are left out, and` : 'everything was listed, and';
  return `The second reading downloaded nothing: ${said} all ${here} photos and videos are here.`;
}

/**
 * What the stand-in has of uploads, in words.
 * @param {number[]} copies how often it has each content that was uploaded
 */
export function uploadsInWords(copies) {
  const several = copies.filter((count) => count !== 1).length;
  if (several > 0) return `${several} of ${copies.length} uploads are there more than once, which should not be.`;
  if (copies.length === 0) return 'Nothing had to be uploaded: all that goes to iCloud is known to be there.';
  return `Uploaded to the stand-in: ${copies.length} photos and videos in their smaller form, each once, and each counts because it was seen there. What was kept as it was is there already.`;
}

/** The stand-in as a child in a process group of its own: a Ctrl-C at the terminal is for the pipeline alone, which still needs it to end well. */
async function startStandIn(onCode) {
  const child = spawn(node, [path.join(import.meta.dirname, 'stand-in.mjs'), path.join(sample, 'source')], { cwd: root, env: environment(), detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map();
  const next = (event) =>
    new Promise((resolve, reject) => {
      waiting.set(event, resolve);
      child.once('exit', (code) => reject(new SetupError(`The stand-in for iCloud ended with exit code ${code}.`)));
      setTimeout(() => reject(new SetupError(`The stand-in for iCloud did not say ${event}.`)), patienceMs).unref();
    });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line);
    if (said.event === 'code') onCode(said);
    waiting.get(said.event)?.(said);
  });
  child.stdin.on('error', () => undefined);
  const close = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await once(child, 'exit');
    clearTimeout(timer);
  };
  const counts = () => {
    const answer = next('counts');
    child.stdin.write('counts\n');
    return answer;
  };
  try {
    return { ...(await next('ready')), counts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `media-pipeline` with the settings of the demonstration and nothing of the environment's. */
function pipelineCommand() {
  const { settingKeys } = createRequire(import.meta.url)(path.join(root, 'dist', 'libs', 'config', 'src', 'index.js'));
  const env = environment();
  for (const key of [...settingKeys, 'MEDIA_PIPELINE_CONFIG']) delete env[key];
  const args = (words) => ['--enable-source-maps', cli, ...words, '--config', settings];
  return {
    env,
    run: (words, { stdin = 'inherit', stdout = 'inherit' } = {}) => {
      print(`\n$ media-pipeline ${words.join(' ')} --config ${path.relative(process.cwd(), settings)}`);
      return runThrough(node, args(words), { env, stdio: [stdin, stdout, 'inherit'] });
    },
    read: async (words) => {
      const { code, output } = await capture(node, args([...words, '--json']), { env });
      if (code !== 0) throw new SetupError(output.trim());
      return JSON.parse(output.trim().split('\n').at(-1));
    },
  };
}

/** Signs in where nobody can type: the code is given as the dashboard or a script would. @returns {Promise<number>} an exit code */
async function signInUnattended(pipeline, codes) {
  const status = await pipeline.run(['icloud', 'login'], { stdin: 'ignore' });
  if (status === 0 || status === interrupted) return status;
  const code = codes.at(-1);
  if (code === undefined) return status;
  print('Nobody is at a terminal (or --yes was given), so the demonstration types the code itself:');
  return pipeline.run(['icloud', 'code', code], { stdin: 'ignore' });
}

/**
 * @param {string[]} args what followed `npm start --`: --icloud-demo, --yes (types the code itself), --stay (keeps watching until Ctrl-C)
 * @returns {Promise<number>} the exit code
 */
export async function runICloudDemo(args) {
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    print('npm start -- --icloud-demo          signs in to a stand-in for iCloud on this machine, asks you for the code, downloads, archives, uploads what became smaller, reads again\n  --yes     types the code itself, as it does where there is no terminal\n  --stay    keeps watching until Ctrl-C');
    return 0;
  }
  const unknown = args.filter((arg) => !['--icloud-demo', '--yes', '-y', '--stay', '--once'].includes(arg));
  if (unknown.length > 0) throw new SetupError(`--icloud-demo goes with --yes and --stay, not with ${unknown.join(' ')}.`);
  const stay = args.includes('--stay');
  const asks = process.stdin.isTTY && process.stdout.isTTY && process.stderr.isTTY && !args.includes('--yes') && !args.includes('-y');
  await makeSample();
  await mkdir(place, { recursive: true });
  const codes = [];
  const standIn = await startStandIn(({ code, via }) => {
    codes.push(code);
    print(via === 'sms' ? `\n  [an SMS to your simulated phone: ${code}]` : `\n  [your simulated phone shows the code ${code}]`);
  });
  try {
    await writeFile(settings, settingsText(standIn), { mode: 0o600 });
    // A session with an earlier stand-in means nothing to this one, and the client signs in with the password three times an hour at most.
    await rm(path.join(place, 'library', '.media-pipeline', 'icloud-session.json'), { force: true });
    print(`This is a demonstration. No Apple server is asked: a stand-in for iCloud runs on this machine (${standIn.url}),`);
    print(`with the ${standIn.assets} photos and videos of the sample as the library of a made-up account. Everything it makes lies in ${path.relative(process.cwd(), place)}.`);
    return await demonstrate(standIn, pipelineCommand(), { asks, stay, codes });
  } finally {
    await standIn.close();
  }
}

async function demonstrate(standIn, pipeline, { asks, stay, codes }) {
  if (!asks) {
    const code = await signInUnattended(pipeline, codes);
    if (code !== 0) return code;
  }
  const stdin = asks ? 'inherit' : 'ignore';
  // at a terminal `run` asks for the code itself
  const first = await pipeline.run(['run', ...(stay ? [] : ['--once'])], { stdin });
  if (first !== 0 || stay) return first;
  const before = await standIn.counts();
  const status = await pipeline.run(['icloud', 'status'], { stdin });
  if (status !== 0) return status;

  print(`\nThe stand-in gave out ${before.downloads} files. ${uploadsInWords(before.uploads)}`);
  print('Once more, to see that nothing is downloaded or uploaded twice (the summary is the same, and left out):');
  // JSON lines go to stdout, words to stderr
  const again = await pipeline.run(['run', '--once', '--json'], { stdin, stdout: 'ignore' });
  if (again !== 0) return again;
  const after = await standIn.counts();
  const found = await pipeline.read(['icloud', 'status']);
  print(`\n${secondReading(found, after.downloads - before.downloads)} Signed in with the password ${after.signIns} ${after.signIns === 1 ? 'time' : 'times'} in all.`);
  print(`The archive: ${path.join(place, 'library', 'sorted')}`);
  print(`Look around: npx media-pipeline asset list --config ${path.relative(process.cwd(), settings)}; delete ${path.relative(process.cwd(), place)} when you have seen enough.`);
  const same = after.downloads === before.downloads && after.uploads.length === before.uploads.length && after.uploads.every((copies) => copies === 1);
  if (after.uploads.length !== before.uploads.length) print(`The second run uploaded ${after.uploads.length - before.uploads.length} files, and should have uploaded none.`);
  return same ? 0 : 1;
}
