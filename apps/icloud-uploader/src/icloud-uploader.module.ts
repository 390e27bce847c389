import { Module } from '@nestjs/common';
import { Library } from '@media-pipeline/files';
import { defineStage, Logger, Settings } from '@media-pipeline/stage';
import { BridgeShelf } from './adapters/bridge-shelf';
import { BrowserRoute } from './adapters/browser/browser-route';
import { browserRoute } from './adapters/browser/browser-options';
import { Cloud } from './adapters/cloud';
import { HttpRoute } from './adapters/http-route';
import { BatchUpload } from './batch-upload';
import { HandOvers } from './by-hand/hand-overs';
import { UploadFolder } from './by-hand/upload-folder.task';
import { IcloudUploaderController } from './icloud-uploader.controller';
import { IcloudUploaderService } from './icloud-uploader.service';
import { Routes } from './routes';
import { Uploader } from './uploader';

const browser = { provide: BrowserRoute, useFactory: (settings: Settings, cloud: Cloud, library: Library, logger: Logger) => browserRoute(settings, cloud, library, logger), inject: [Settings, Cloud, Library, Logger] };

/** The ways into iCloud, and a person's upload by them: all that needs no broker. */
@Module({ providers: [Uploader, Routes, Cloud, HttpRoute, browser, HandOvers, UploadFolder], exports: [Uploader, UploadFolder] })
class UploadModule {}

@Module({ imports: [UploadModule], controllers: [IcloudUploaderController], providers: [IcloudUploaderService, BatchUpload, BridgeShelf] })
export class IcloudUploaderModule {}

export const stage = defineStage({ name: 'icloud-uploader', module: IcloudUploaderModule, describe: 'delivers batches to iCloud Photos', tasks: { 'icloud-upload': { module: UploadModule, task: UploadFolder } } });
