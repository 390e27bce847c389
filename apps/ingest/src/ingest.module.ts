import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { Courier } from './adapters/courier';
import { DiskDoctor } from './adapters/disk-doctor';
import { FolderSource } from './adapters/folder-source';
import { MediaInspector } from './adapters/media-inspector';
import { AssetFinder } from './asset-finder';
import { FolderIntake } from './folder-intake';
import { IngestController } from './ingest.controller';
import { IngestService } from './ingest.service';
import { Register } from './register';
import { ScanScheduler } from './scan-scheduler';

@Module({ controllers: [IngestController], providers: [IngestService, FolderIntake, AssetFinder, FolderSource, MediaInspector, Courier, DiskDoctor, Register, ScanScheduler] })
export class IngestModule {}

export const stage = defineStage({ name: 'ingest', module: IngestModule, describe: 'takes photos and videos in from the source folder' });
