import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { PixelSyncController } from './pixel-sync.controller';
import { PixelSyncService } from './pixel-sync.service';

@Module({ controllers: [PixelSyncController], providers: [PixelSyncService] })
export class PixelSyncModule {}

export const stage = defineStage({ name: 'pixel-sync', module: PixelSyncModule, describe: 'hands batches to the Pixel phone' });
