import { Programs } from '../programs';

/** A process that encodes a picture without end, as a stage would: SIGTERM aborts the job, and the process ends when the encoder has. */
const abort = new AbortController();
process.once('SIGTERM', () => abort.abort(new Error('drain')));
const programs = new Programs({ niceness: 10, stallMs: 60_000 });
const args = ['-nostdin', '-v', 'error', '-progress', 'pipe:1', '-stats_period', '0.5', '-re', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:pools=1', '-f', 'null', '-'];
let said = false;
const onLine = (): void => {
  if (!said) process.stdout.write('encoding\n');
  said = true;
};
programs.run({ program: 'ffmpeg', args, signal: abort.signal, onLine }).then(
  () => process.exit(1),
  (error: unknown) => process.exit(error === abort.signal.reason ? 0 : 1),
);
