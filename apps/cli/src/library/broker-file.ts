import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Config } from '@media-pipeline/config';
import { isRunning } from './library-lock';

const BrokerFile = z.object({ url: z.string(), pid: z.number() });
/** Where the broker of a running pipeline is to be found. */
export type BrokerFile = z.infer<typeof BrokerFile>;

const place = (config: Config): string => path.join(config.library.areas['.media-pipeline'], 'broker.json');

/** Tells other commands on this machine where the broker is. */
export async function announceBroker(config: Config, broker: BrokerFile): Promise<void> {
  await writeFile(`${place(config)}.new`, JSON.stringify(broker));
  await rename(`${place(config)}.new`, place(config));
}

export const withdrawBroker = async (config: Config): Promise<void> => unlink(place(config)).catch(() => undefined);

/** The broker to speak to: that of the settings, else that of the pipeline that runs on this library; null when none runs. */
export async function findBroker(config: Config): Promise<string | null> {
  if (config.bus.external) return config.bus.url;
  const text = await readFile(place(config), 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = BrokerFile.safeParse(parseJson(text));
  return parsed.success && isRunning(parsed.data.pid) ? parsed.data.url : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
