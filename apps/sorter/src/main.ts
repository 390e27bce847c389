import { runStage } from '@media-pipeline/stage';
import { stage } from './sorter.module';

void runStage(stage);
