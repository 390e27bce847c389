import { runStage } from '@media-pipeline/stage';
import { stage } from './compressor.module';

void runStage(stage);
