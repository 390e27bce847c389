import { Module } from '@nestjs/common';
import { Library } from '@media-pipeline/files';
import { defineStage, Logger, Settings } from '@media-pipeline/stage';
import { BridgeShelf } from './adapters/bridge-shelf';
import { BrowserRoute } from './adapters/browser/browser-route';
import { browserRoute } from './adapters/browser/browser-options';
import { Cloud } from './adapters/cloud';
import { Converter } from './adapters/convert/converter';
import { HttpRoute } from './adapters/http-route';
import { BatchUpload } from './batch-upload';
import { IcloudUploaderController } from './icloud-uploader.controller';
import { IcloudUploaderService } from './icloud-uploader.service';
import { Routes } from './routes';
import { Uploader } from './uploader';

@Module({
  controllers: [IcloudUploaderController],
  providers: [
    IcloudUploaderService,
    BatchUpload,
    Uploader,
    Routes,
    BridgeShelf,
    Cloud,
    Converter,
    HttpRoute,
    { provide: BrowserRoute, useFactory: browserRoute, inject: [Settings, Cloud, Library, Logger] },
  ],
})
export class IcloudUploaderModule {}

export const stage = defineStage({ name: 'icloud-uploader', module: IcloudUploaderModule, describe: 'delivers batches to iCloud Photos' });
