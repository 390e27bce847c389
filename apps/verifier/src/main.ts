import { runStage } from '@media-pipeline/stage';
import { stage } from './verifier.module';

void runStage(stage);
