import { setTimeout as delay } from 'node:timers/promises';
import { done, type Payload } from '@media-pipeline/contracts';
import { Bus } from '../bus';
import type { Tuning } from '../topology/consumers';
import { listen } from './listening-stage';

/** A compressor as a process of its own, to be killed. Says what it does in lines on stdout. */
export interface WorkerOrder {
  readonly url: string;
  readonly tuning: Tuning;
  /** How long (ms) each message takes; `die`: the process kills itself in mid-message. */
  readonly takes: number | 'die';
}

async function main({ url, tuning, takes }: WorkerOrder): Promise<void> {
  const bus = await Bus.connect({ url, name: 'worker', tuning });
  const handle = async ({ path }: Payload<'media.unique'>) => {
    process.stdout.write(`started ${String(path)}\n`);
    if (takes === 'die') process.kill(process.pid, 'SIGKILL');
    else await delay(takes);
    process.stdout.write(`ended ${String(path)}\n`);
    return done();
  };
  const app = await listen({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { lanes: 1, drainMs: 300 } });
  process.once('SIGTERM', () => void app.close().then(() => bus.close()));
  process.stdout.write('ready\n');
}

void main(JSON.parse(process.argv[2] ?? '') as WorkerOrder);
