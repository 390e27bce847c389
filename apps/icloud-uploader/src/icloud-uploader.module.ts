import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { IcloudUploaderController } from './icloud-uploader.controller';
import { IcloudUploaderService } from './icloud-uploader.service';

@Module({ controllers: [IcloudUploaderController], providers: [IcloudUploaderService] })
export class IcloudUploaderModule {}

export const stage = defineStage({ name: 'icloud-uploader', module: IcloudUploaderModule, describe: 'delivers batches to iCloud Photos' });
