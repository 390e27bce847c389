import { Injectable } from '@nestjs/common';
import { done, emit, skip, standing, type AssetMessage, type Outcome } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { namedAsset, Settings } from '@media-pipeline/stage';
import { FileCompressor, type Treated } from './file-compressor';
import { keepCodes } from './keep-code';
import { allOff } from './policy';
import type { Attendance } from './renderer';

/** Makes a rendition of every file of an asset, or records why the original is passed on, and passes the asset on as a whole. */
@Injectable()
export class CompressorService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly files: FileCompressor,
  ) {}

  async compress(message: AssetMessage, attendance: Attendance): Promise<Outcome> {
    const asset = await namedAsset(this.database, message);
    switch (standing(asset.state, 'unique')) {
      case 'ended':
        return skip(`the asset is ${asset.state}`);
      case 'early':
        return skip(`the asset is still ${asset.state}`);
      case 'past':
        return skip('compressed before', emit('media.compressed', { assetId: asset.id }, asset.id));
      case 'due':
        return allOff(this.settings.enable) ? this.passOn(asset) : this.treat(asset, attendance);
    }
  }

  /** Each file's row is saved as soon as it is made: after a crash only what is missing is made again. */
  private async treat(asset: AssetWithFiles, attendance: Attendance): Promise<Outcome> {
    const messages: string[] = [];
    for (const file of asset.files) {
      attendance.report(file.filename);
      const known = asset.renditions.find(({ fileId }) => fileId === file.id);
      const { rendition, message } = await this.files.treat(file, known, attendance);
      await this.database.write(async ({ renditions, assets }) => {
        await renditions.save(rendition);
        // what came out belongs to this asset, too: when it comes back through a source, dedupe knows whose it is
        if (rendition.sha256 !== null) await assets.claimContent(asset.id, [rendition.sha256]);
      });
      messages.push(message);
    }
    await this.database.assets.move(asset.id, 'unique', 'compressed', { step: 'compressor', status: 'success', assetId: asset.id, message: messages.join('\n') });
    return done(emit('media.compressed', { assetId: asset.id }, asset.id));
  }

  /** Compression is off: no byte is read, and one transaction says so for all files. */
  private async passOn(asset: AssetWithFiles): Promise<Outcome> {
    const reason = keepCodes.COMPRESSION_OFF;
    await this.database.write(async ({ renditions, assets }) => {
      for (const file of asset.files) await renditions.save(offRow(file, reason));
      await assets.move(asset.id, 'unique', 'compressed', { step: 'compressor', status: 'info', assetId: asset.id, code: 'COMPRESSION_OFF', message: reason });
    });
    return skip(reason, emit('media.compressed', { assetId: asset.id }, asset.id));
  }
}

const offRow = ({ id, assetId, sha256 }: AssetWithFiles['files'][number], reason: string): Treated['rendition'] => ({
  fileId: id,
  assetId,
  sourceSha256: sha256 ?? '',
  outcome: 'kept',
  code: 'COMPRESSION_OFF',
  reason,
  path: null,
  sha256: null,
  bytes: null,
  settings: '{}',
  proof: null,
});
