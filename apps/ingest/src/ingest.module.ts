import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { folderProviders } from './folder/folder.providers';
import { icloudProviders } from './icloud/icloud.providers';
import { IngestController } from './ingest.controller';
import { SourceScheduler } from './source-scheduler';

@Module({ controllers: [IngestController], providers: [...folderProviders, ...icloudProviders, SourceScheduler] })
export class IngestModule {}

export const stage = defineStage({ name: 'ingest', module: IngestModule, describe: 'takes photos and videos in from the source folder and from iCloud' });
