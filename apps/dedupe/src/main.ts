import { runStage } from '@media-pipeline/stage';
import { stage } from './dedupe.module';

void runStage(stage);
