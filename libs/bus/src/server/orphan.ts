import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const patienceMs = 10_000;

/**
 * Ends a server that an earlier run left behind on the same store (its run was killed): two servers on one store destroy it.
 * Only a process whose command line names our own configuration file is touched. The caller makes sure that no other run of
 * the pipeline uses the library now.
 */
export async function endOrphan(pidFile: string, configFile: string): Promise<void> {
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).trim());
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await runs(pid, configFile))) return;
  process.kill(pid, 'SIGTERM');
  const end = Date.now() + patienceMs;
  while (Date.now() < end) {
    if (!(await runs(pid, configFile))) return;
    await delay(50);
  }
  process.kill(pid, 'SIGKILL');
  while (await runs(pid, configFile)) await delay(50);
}

async function runs(pid: number, configFile: string): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
  return command.split('\0').includes(configFile) && program.includes('nats-server');
}
