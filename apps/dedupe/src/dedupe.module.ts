import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { DuplicateShelf } from './adapters/duplicate-shelf';
import { MediaInspector } from './adapters/media-inspector';
import { LikenessWatch } from './adapters/likeness-watch';
import { OutsideFiles } from './adapters/outside-files';
import { DedupeController } from './dedupe.controller';
import { DedupeService } from './dedupe.service';
import { Judgement } from './judgement';

@Module({ controllers: [DedupeController], providers: [DedupeService, Judgement, DuplicateShelf, MediaInspector, OutsideFiles, LikenessWatch] })
export class DedupeModule {}

export const stage = defineStage({ name: 'dedupe', module: DedupeModule, describe: 'finds content that is already here' });
