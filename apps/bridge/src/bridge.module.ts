import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { BatchFolder } from './adapters/batch-folder';
import { BridgeController } from './bridge.controller';
import { BridgeService } from './bridge.service';
import { SealingService } from './sealing.service';

@Module({ controllers: [BridgeController], providers: [BridgeService, SealingService, BatchFolder] })
export class BridgeModule {}

export const stage = defineStage({ name: 'bridge', module: BridgeModule, describe: 'stages files in batches for each destination' });
