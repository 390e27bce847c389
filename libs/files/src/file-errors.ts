import { PipelineError, type ErrorCode } from '@media-pipeline/contracts';

/** Whose file it is: what a missing permission means depends on it. */
export type Side = 'source' | 'library';

const common: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EROFS: 'LIBRARY_READ_ONLY',
  ENOENT: 'FILE_MISSING',
  ENOTDIR: 'FILE_MISSING',
  ELOOP: 'NOT_A_REGULAR_FILE', // every file is opened with O_NOFOLLOW: its last component is a symbolic link
  EEXIST: 'NAME_CONFLICT',
  EISDIR: 'NOT_A_REGULAR_FILE',
  ENXIO: 'NOT_A_REGULAR_FILE', // a socket, or a device without a driver
  ENODEV: 'NOT_A_REGULAR_FILE',
  EIO: 'IO_ERROR',
  ESTALE: 'IO_ERROR',
  ENOTCONN: 'IO_ERROR', // a FUSE mount whose server died
  EHOSTDOWN: 'IO_ERROR',
  ETIMEDOUT: 'IO_ERROR',
  EMFILE: 'IO_ERROR',
  ENFILE: 'IO_ERROR',
  ENOMEM: 'IO_ERROR',
};

/** The errno of a system error (`ENOENT`), undefined for anything else that was thrown. */
export const errnoOf = (thrown: unknown): string | undefined =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;

/** A system error about `path` as a PipelineError; one that is a PipelineError already stays itself. */
export function fileError(thrown: unknown, path: string | Buffer, side: Side): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const errno = errnoOf(thrown) ?? '';
  const denied: ErrorCode = side === 'source' ? 'FILE_UNREADABLE' : 'LIBRARY_READ_ONLY';
  const code = errno === 'EACCES' || errno === 'EPERM' ? denied : (common[errno] ?? 'UNEXPECTED');
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PipelineError(code, `${path.toString()}: ${message}`, { cause: thrown });
}
