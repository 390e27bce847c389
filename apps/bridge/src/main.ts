import { runStage } from '@media-pipeline/stage';
import { stage } from './bridge.module';

void runStage(stage);
