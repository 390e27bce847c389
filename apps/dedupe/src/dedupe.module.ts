import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { DuplicateShelf } from './adapters/duplicate-shelf';
import { MediaInspector } from './adapters/media-inspector';
import { DedupeController } from './dedupe.controller';
import { DedupeService } from './dedupe.service';

@Module({ controllers: [DedupeController], providers: [DedupeService, DuplicateShelf, MediaInspector] })
export class DedupeModule {}

export const stage = defineStage({ name: 'dedupe', module: DedupeModule, describe: 'finds content that is already here' });
