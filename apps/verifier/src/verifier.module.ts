import { Module } from '@nestjs/common';
import { defineStage } from '@media-pipeline/stage';
import { ReportWriter } from './adapters/report-writer';
import { ShelfInspector } from './adapters/shelf-inspector';
import { VerifierController } from './verifier.controller';
import { VerifierService } from './verifier.service';

@Module({ controllers: [VerifierController], providers: [VerifierService, ShelfInspector, ReportWriter] })
export class VerifierModule {}

export const stage = defineStage({ name: 'verifier', module: VerifierModule, describe: 'proves by hash that what lies here is what was meant' });
