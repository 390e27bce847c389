import { DeadLetterListener, type DeadMessage } from '@media-pipeline/bus';
import { AssetMessage, BatchMessage, errorCatalogue, type DeadLetter, type StageName } from '@media-pipeline/contracts';
import type { Database, LogEntry } from '@media-pipeline/schema';

/** The assets that a message is about: one, or all of a batch, or none (the message names nothing that we know). */
async function assetsOf(database: Database, payload: unknown): Promise<readonly string[]> {
  const batch = BatchMessage.safeParse(payload);
  if (batch.success) {
    const deliveries = await database.batches.deliveries(batch.data.batchId);
    return [...new Set(deliveries.map((delivery) => delivery.assetId))];
  }
  const message = AssetMessage.safeParse(payload);
  if (!message.success) return [];
  if (message.data.assetId !== undefined) return [message.data.assetId];
  const asset = message.data.path === undefined ? null : await database.assets.findByPath(message.data.path);
  return asset ? [asset.id] : [];
}

/** Writes what the bus gave up on into the assets it was about: bad input is set aside, anything else has failed. */
export class StoppedWork extends DeadLetterListener {
  constructor(private readonly database: Database) {
    super();
  }

  override async dead({ stage, code, reason, payload }: DeadMessage): Promise<void> {
    const as = errorCatalogue[code].kind === 'input' ? 'set_aside' : 'failed';
    const log: LogEntry = { step: stage, status: as === 'failed' ? 'error' : 'warning', message: reason, code };
    for (const assetId of await assetsOf(this.database, payload)) {
      await this.database.assets.stop(assetId, as, { code, reason }, { ...log, assetId });
    }
  }

  /** Puts the assets of a dead letter back where they were, before its message is published again. Returns how many. */
  async revive(letter: DeadLetter, by: StageName | 'cli' = 'cli'): Promise<number> {
    let revived = 0;
    for (const assetId of await assetsOf(this.database, parse(letter.body))) {
      const state = await this.database.assets.revive(assetId, { step: by, status: 'info', message: 'another try was asked for', assetId });
      if (state !== null) revived++;
    }
    return revived;
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
