import { runStage } from '@media-pipeline/stage';
import { stage } from './icloud-uploader.module';

void runStage(stage);
