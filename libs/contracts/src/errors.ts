/**
 * Every error code that a person can meet, with what it means for the asset and what can be done about it.
 *
 * `input`        the file (or the message) itself is bad: the asset is set aside, the rest goes on, trying again cannot help.
 * `environment`  the machine is in the way (full disk, read-only mount, broker away): trying again later can help.
 * `configuration` a setting is missing or wrong: a person must change it.
 * `internal`     a defect of ours: the asset counts as failed, never as done.
 */
export type ErrorKind = 'input' | 'environment' | 'configuration' | 'internal';

interface ErrorDescription {
  readonly kind: ErrorKind;
  /** What the user can do, in one sentence. */
  readonly advice: string;
}

export const errorCatalogue = {
  // messages
  INVALID_MESSAGE: { kind: 'input', advice: 'Compare the message with its schema in docs/ARCHITECTURE.md and publish it again.' },
  UNKNOWN_ASSET: { kind: 'input', advice: 'Name a file that lies under the library, or an asset id that `media-pipeline asset list` shows.' },
  // names and places
  PATH_OUTSIDE_LIBRARY: { kind: 'input', advice: 'Use a path relative to the library, without "..".' },
  NAME_CONFLICT: { kind: 'input', advice: 'Rename one of the two files, or set ENABLE_FILENAME_CONFLICT_RESOLUTION=true.' },
  LINK_OUTSIDE_SOURCE: { kind: 'input', advice: 'Copy the file that the link points to into the source folder.' },
  LINK_LOOP: { kind: 'input', advice: 'Remove the symbolic link that points back to a folder above it.' },
  LINK_BROKEN: { kind: 'input', advice: 'Remove the symbolic link or restore what it points to.' },
  NOT_A_REGULAR_FILE: { kind: 'input', advice: 'Move the pipe, socket or device out of the source folder.' },
  // content
  FILE_UNREADABLE: { kind: 'input', advice: 'Give the user that runs the pipeline permission to read the file.' },
  FILE_MISSING: { kind: 'input', advice: 'Put the file back, then `media-pipeline dlq retry`.' },
  FILE_VANISHED: { kind: 'input', advice: 'Nothing to do if the file was deleted on purpose; else put it back.' },
  FILE_CHANGING: { kind: 'input', advice: 'Wait until whatever writes the file is done; the next scan takes it.' },
  FILE_EMPTY: { kind: 'input', advice: 'Replace the file from another copy; this one has no bytes.' },
  NOT_MEDIA: { kind: 'input', advice: 'The content is neither a photo nor a video; rename or remove it.' },
  MEDIA_CORRUPT: { kind: 'input', advice: 'The file cannot be decoded to its end. The original is kept untouched; look for another copy.' },
  MEDIA_TOO_LARGE: { kind: 'input', advice: 'The picture has more pixels than MAX_MEGAPIXELS; raise the limit if the machine has the memory.' },
  CONTENT_CHANGED: { kind: 'input', advice: 'The bytes on disk are not those that were hashed on arrival; restore the file from the source or a backup.' },
  // machine
  DISK_FULL: { kind: 'environment', advice: 'Free space on the library volume, then `media-pipeline dlq retry`.' },
  LIBRARY_READ_ONLY: { kind: 'environment', advice: 'Mount the library writable and give the pipeline user write permission.' },
  IO_ERROR: { kind: 'environment', advice: 'Check the disk or the network mount (dmesg, mount).' },
  DATABASE_UNAVAILABLE: { kind: 'environment', advice: 'Check DATABASE_URL and that the database runs.' },
  DATABASE_CORRUPT: { kind: 'environment', advice: 'Stop the pipeline, keep the damaged file, restore the database from a backup or recover it with `sqlite3 FILE .recover`.' },
  BROKER_UNAVAILABLE: { kind: 'environment', advice: 'Check NATS_URL and that nats-server runs.' },
  BROKER_FULL: { kind: 'environment', advice: 'The event stream has reached its size limit or the disk of nats-server is full: let the stages catch up, or free space.' },
  PROGRAM_MISSING: { kind: 'configuration', advice: 'Run `media-pipeline doctor`: it names the program and the command that installs it.' },
  PROGRAM_FAILED: { kind: 'environment', advice: 'See the log line of the stage for what the program printed.' },
  SETTINGS_INVALID: { kind: 'configuration', advice: 'Run `media-pipeline config check`.' },
  NOT_A_LIBRARY: { kind: 'configuration', advice: 'Name the library with --library DIR or NAS_MOUNT; `media-pipeline nas init` makes a new one.' },
  LIBRARY_IN_USE: { kind: 'configuration', advice: 'Stop the run that works on this library first, or wait until it ends; `media-pipeline status` shows it.' },
  USAGE: { kind: 'configuration', advice: 'See `media-pipeline COMMAND --help`.' },
  DESTINATION_NOT_CONFIGURED: { kind: 'configuration', advice: 'Fill in the settings of the destination, or switch it off with its ENABLE_ toggle.' },
  // iCloud
  ICLOUD_PASSWORD_WRONG: { kind: 'configuration', advice: 'Correct ICLOUD_USERNAME or ICLOUD_PASSWORD (an app-specific password does not work here), then `media-pipeline icloud login`. It is not tried again until it changes: each wrong try brings the account nearer to being locked.' },
  ICLOUD_PASSWORD_MISSING: { kind: 'configuration', advice: 'Set ICLOUD_PASSWORD, or run `media-pipeline icloud login` at a terminal, which asks for it.' },
  ICLOUD_CODE_NEEDED: { kind: 'configuration', advice: 'A code was sent to your devices: give it with `media-pipeline icloud login` or `media-pipeline icloud code 123456`.' },
  ICLOUD_CODE_WRONG: { kind: 'configuration', advice: 'Look at the code again; the newest one counts. `media-pipeline icloud login` asks for it, and can send it by SMS.' },
  ICLOUD_CODE_EXPIRED: { kind: 'configuration', advice: 'The code came too late. `media-pipeline icloud login` asks for a new one.' },
  ICLOUD_SECURITY_KEYS: { kind: 'configuration', advice: 'This account is protected with hardware security keys, which only Apple’s own pages can use. Remove the keys from the account (Settings, your name, Sign-In & Security) or take the photos in from a folder.' },
  ICLOUD_WEB_ACCESS_OFF: { kind: 'configuration', advice: 'Switch on "Access iCloud Data on the Web" on the iPhone: Settings, your name, iCloud.' },
  ICLOUD_CONSENT_NEEDED: { kind: 'configuration', advice: 'Advanced Data Protection is on: answer the question on your iPhone ("Allow access to iCloud data on the web"), then `media-pipeline icloud login`.' },
  ICLOUD_TERMS: { kind: 'configuration', advice: 'Apple wants its new terms accepted: sign in once at www.icloud.com and accept them.' },
  ICLOUD_ACCOUNT_LOCKED: { kind: 'configuration', advice: 'Apple has locked the account. Unlock it at iforgot.apple.com, then `media-pipeline icloud login`.' },
  ICLOUD_SIGN_IN_LIMIT: { kind: 'environment', advice: 'Signing in failed too often; to keep Apple from locking the account the pipeline waits. `media-pipeline icloud status` tells until when.' },
  ICLOUD_SESSION_UNREADABLE: { kind: 'configuration', advice: 'The session file cannot be read with this SECRETS_KEY. Give the key that wrote it, or delete the file and sign in anew.' },
  ICLOUD_RATE_LIMITED: { kind: 'environment', advice: 'Apple asks to slow down; the pipeline waits as long as it was told and goes on by itself.' },
  ICLOUD_UNREACHABLE: { kind: 'environment', advice: 'Check the connection to the internet; the pipeline tries again by itself.' },
  ICLOUD_ANSWER_UNKNOWN: { kind: 'environment', advice: 'Apple answered something that this version does not know. If it stays so, look for an update, and report the log line.' },
  ICLOUD_INDEXING: { kind: 'environment', advice: 'iCloud is still preparing its list of photos; the pipeline asks again by itself.' },
  ICLOUD_PHOTOS_OFF: { kind: 'configuration', advice: 'Switch on iCloud Photos for this account (iPhone: Settings, your name, iCloud, Photos).' },
  ICLOUD_SYNC_TOKEN_INVALID: { kind: 'environment', advice: 'Nothing to do: the library is listed anew.' },
  ICLOUD_URL_EXPIRED: { kind: 'environment', advice: 'Nothing to do: the address of the file is looked up anew.' },
  ICLOUD_CONTENT_MISMATCH: { kind: 'environment', advice: 'What was downloaded is not what iCloud says the file is; it was thrown away and is fetched again. If it stays so, open the photo at www.icloud.com.' },
  ICLOUD_ASSET_REFUSED: { kind: 'input', advice: 'iCloud does not give this photo out. Open it on the iPhone or at www.icloud.com; then `media-pipeline dlq retry`.' },
  ICLOUD_COUNT_MISMATCH: { kind: 'environment', advice: 'iCloud counts other photos than it lists. `media-pipeline icloud status` shows both; `media-pipeline icloud sync --full` lists everything anew.' },
  ICLOUD_UPLOAD_ABSENT: { kind: 'configuration', advice: 'Apple offers this account no upload service for programs: set ICLOUD_UPLOAD_ROUTE=browser.' },
  ICLOUD_STORAGE_FULL: { kind: 'environment', advice: 'The iCloud storage is full: free some or buy more (iPhone: Settings, your name, iCloud). Uploads go on by themselves then.' },
  ICLOUD_TYPE_REFUSED: { kind: 'input', advice: 'iCloud does not take files of this kind this way: have them converted, or sent by the other route (docs/ICLOUD.md, "Uploads"). The file is kept here.' },
  ICLOUD_FILE_TOO_LARGE: { kind: 'input', advice: 'iCloud does not take a file of this size. Send it in smaller parts, or add it on a Mac or iPhone; it is kept here.' },
  ICLOUD_UPLOAD_REFUSED: { kind: 'input', advice: 'iCloud does not take this file and does not say why. Try it by hand at www.icloud.com/photos; the file is kept here.' },
  ICLOUD_UPLOAD_FAILED: { kind: 'environment', advice: 'iCloud took the file and could not make a photo of it; it is looked for and sent again by itself. If it stays so, try it by hand at www.icloud.com/photos.' },
  ICLOUD_UPLOAD_NOT_SEEN: { kind: 'environment', advice: 'iCloud said that it has the file, but does not show it yet. It is looked for again, and sent again only when it is not there.' },
  ICLOUD_PAGE_UNKNOWN: { kind: 'configuration', advice: 'Apple has changed its Photos page. A picture of it and its content lie under logs/icloud-upload/; name the control for uploading in ICLOUD_SELECTORS_FILE or ICLOUD_UPLOAD_SELECTOR, then `media-pipeline dlq retry`.' },
  ICLOUD_UPLOAD_INTERRUPTED: { kind: 'environment', advice: 'Nothing to do: what arrived is looked up, the rest is uploaded again.' },
  ICLOUD_IN_TRASH: { kind: 'input', advice: 'Recover it in iCloud (Photos, Recently Deleted) and `media-pipeline dlq retry`, or leave it: the archive has it.' },
  // outcomes of last resort
  TOO_MANY_ATTEMPTS: { kind: 'environment', advice: 'See the reason, mend the cause, then `media-pipeline dlq retry`.' },
  CRASHED_EVERY_TIME: { kind: 'internal', advice: 'The stage died on every attempt; see its log, then `media-pipeline dlq retry`.' },
  PROOF_FAILED: { kind: 'internal', advice: 'What lies in the library is not what was meant; nothing was deleted. Run `media-pipeline asset show`.' },
  UNEXPECTED: { kind: 'internal', advice: 'Please report this with the log line of the stage.' },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof errorCatalogue;

export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(errorCatalogue, value);

/** An error that says what it is: a stable code, its cause, whether trying again can help, and what the user can do. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  get kind(): ErrorKind {
    return errorCatalogue[this.code].kind;
  }

  /** True when the same attempt would fail again: nothing but a person can help. */
  get permanent(): boolean {
    return this.kind !== 'environment';
  }

  get advice(): string {
    return errorCatalogue[this.code].advice;
  }
}

const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EROFS: 'LIBRARY_READ_ONLY',
  EIO: 'IO_ERROR',
  ESTALE: 'IO_ERROR',
  ELOOP: 'LINK_LOOP',
};

/** The PipelineError inside anything that was thrown: itself, a system error translated by its errno, else UNEXPECTED. */
export function toPipelineError(thrown: unknown): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const errno = (error as NodeJS.ErrnoException).code;
  return new PipelineError((errno && systemCodes[errno]) || 'UNEXPECTED', error.message, { cause: thrown });
}
