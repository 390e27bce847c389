import { Ffmpeg } from '../ffmpeg';

/** A process that encodes a picture without end, as the stage would: SIGTERM aborts the job, and the process ends when the encoder has. */
const abort = new AbortController();
process.once('SIGTERM', () => abort.abort(new Error('drain')));
const ffmpeg = new Ffmpeg({ cores: 1, niceness: 10, stallMs: 60_000 });
const args = ['-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:pools=1', '-f', 'null', '-'];
let said = false;
const onFrame = (): void => {
  if (!said) process.stdout.write('encoding\n');
  said = true;
};
ffmpeg.run(args, { signal: abort.signal, onFrame }).then(
  () => process.exit(1),
  (error: unknown) => process.exit(error === abort.signal.reason ? 0 : 1),
);
