import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { Archive } from './adapters/archive';
import { CaptureDateReader } from './adapters/capture-date-reader';
import { SorterController } from './sorter.controller';
import { SorterService } from './sorter.service';

@Module({ controllers: [SorterController], providers: [SorterService, Archive, CaptureDateReader] })
export class SorterModule {}

export const stage = defineStage({ name: 'sorter', module: SorterModule, describe: 'keeps the originals in a dated archive' });
