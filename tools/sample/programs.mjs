import { spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';

/** Runs ffmpeg quietly. @param {string[]} args @param {Buffer} [input] its stdin @returns {Promise<Buffer>} its stdout */
export async function ffmpeg(args, input) {
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const done = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.on('error', () => {}); // it may stop reading early; its exit code says why
  child.stdin.end(input);
  const [output, errors, code] = await Promise.all([buffer(child.stdout), text(child.stderr), done]);
  if (code !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${errors || `exit code ${code}`}`);
  return output;
}
