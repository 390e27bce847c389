import { runStage } from '@media-pipeline/stage';
import { stage } from './pixel-sync.module';

void runStage(stage);
