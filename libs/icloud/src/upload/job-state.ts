import { isRecord } from '../http/answer';

/** How far iCloud is with a file that it took. It does not tell that the photo is to be seen: only the records do (as pyicloud found). */
export type JobState =
  /** `progress`: 0 to 100. */
  | { readonly kind: 'under_way'; readonly progress: number }
  | { readonly kind: 'done' }
  /** `errorCode: 404`, or not named in the answer: iCloud never knew the job, or has forgotten it. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly errorCode: number };

/** Reads the answer of `uploadStatus`, `{<job id>: {progress} | {errorCode}}`, for the jobs that were asked for. */
export function readJobs(answer: unknown, jobIds: readonly string[]): Map<string, JobState> {
  return new Map(jobIds.map((id) => [id, readJob(isRecord(answer) && Object.hasOwn(answer, id) ? answer[id] : undefined)]));
}

function readJob(entry: unknown): JobState {
  if (!isRecord(entry)) return { kind: 'unknown' };
  const { errorCode, progress } = entry;
  if (errorCode !== undefined && errorCode !== null) {
    const code = Number(errorCode);
    return code === 404 || Number.isNaN(code) ? { kind: 'unknown' } : { kind: 'failed', errorCode: code };
  }
  if (typeof progress !== 'number' || Number.isNaN(progress)) return { kind: 'unknown' };
  return progress >= 100 ? { kind: 'done' } : { kind: 'under_way', progress: Math.max(0, progress) };
}

/** What is known of a job after another answer: progress does not go back, and a job that is forgotten was what it was. */
export function laterState(before: JobState | undefined, now: JobState): JobState {
  if (before === undefined || before.kind === 'unknown') return now;
  if (before.kind !== 'under_way' || now.kind === 'unknown') return before;
  return now.kind === 'under_way' && now.progress < before.progress ? before : now;
}
