import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bus } from '@media-pipeline/bus';
import type { ErrorCode } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import { haltUploads, readUploadHalt } from '@media-pipeline/icloud';
import { startNats } from '@media-pipeline/testing';
import { type } from '../e2e/type';

it('dlq retry of uploads that a page has halted lets them be tried again, and of others does not', async () => {
  await using closing = new AsyncDisposableStack();
  const directory = await mkdtemp(path.join(tmpdir(), 'dlq-'));
  closing.defer(async () => { await rm(directory, { recursive: true, force: true }); });
  const nats = await startNats();
  closing.defer(async () => { await nats.destroy(); });
  const settings = path.join(directory, 'settings.env');
  await writeFile(settings, `NAS_MOUNT=library\nNATS_URL=${nats.url}\n`);
  const library = Library.at(path.join(directory, 'library'));
  expect(await type('nas', 'init', '--config', settings)).toMatchObject({ code: 0 });
  await haltUploads(library, { at: new Date().toISOString(), reason: 'no control', selectors: 'x' });
  const bus = await Bus.connect({ url: nats.url, name: 'test' });
  closing.defer(async () => { await bus.close(); });
  await bus.provision();
  const letter = async (code: ErrorCode) => await bus.deadLetter({ stage: 'icloud-uploader', subject: 'media.bridged.icloud', code, reason: 'a reason', payload: { batchId: '01a206f8-2d00-7000-aca4-2fe0e06fd0de' } });

  const { sequence } = await letter('ICLOUD_STORAGE_FULL');
  expect(await type('dlq', 'retry', String(sequence), '--config', settings)).toMatchObject({ code: 0 });
  expect(await readUploadHalt(library)).not.toBeNull();
  await letter('ICLOUD_PAGE_UNKNOWN');
  expect(await type('dlq', 'retry', 'all', '--config', settings)).toMatchObject({ code: 0 });
  expect(await readUploadHalt(library)).toBeNull();
});
