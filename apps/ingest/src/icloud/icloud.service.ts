import { Injectable } from '@nestjs/common';
import { skip, type Outcome, type Payload } from '@media-pipeline/contracts';
import { Settings } from '@media-pipeline/stage';
import type { Reading } from '../reading';

/** Reads the iCloud photo library when asked to. */
@Injectable()
export class ICloudService {
  constructor(private readonly settings: Settings) {}

  read(request: Payload<'media.ingest.requested'>, _reading: Reading): Promise<Outcome> {
    if (request.source === 'folder') return Promise.resolve(skip('asked of the folder'));
    return Promise.resolve(skip(this.settings.enable.icloudDownload ? 'not there yet' : 'iCloud is off (ENABLE_ICLOUD_DOWNLOAD)'));
  }

  submit(_message: Payload<'media.icloud.code'>): Promise<Outcome> {
    return Promise.resolve(skip('not there yet'));
  }
}
