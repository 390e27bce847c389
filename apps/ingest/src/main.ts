import { runStage } from '@media-pipeline/stage';
import { stage } from './ingest.module';

void runStage(stage);
