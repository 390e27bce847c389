import { PipelineError } from '@media-pipeline/contracts';
import { lately } from './budget';
import { unreadable, type SessionCipher } from './cipher';
import { freshDocument, sessionDocument, type SessionDocument } from './document';
import { readSecretFile, removeLeftovers, removeSecretFile, writeSecretFile } from './file';
import { withLock } from './lock';

/** The session file in the hands of the one process that may change it. */
export interface HeldSession {
  /** As the file was when the lock was taken. */
  readonly document: SessionDocument;
  /** Fires when the lock is lost. */
  readonly lost: AbortSignal;
  /**
   * Writes the session. @returns it with its new generation
   * @throws ICLOUD_UNREACHABLE when another process has written meanwhile: its session is newer, ours is given up
   */
  save(document: SessionDocument): Promise<SessionDocument>;
}

/** The one session of an account, shared by all processes that know its file. */
export class SessionStore {
  constructor(
    readonly file: string,
    private readonly username: string,
    private readonly cipher: SessionCipher,
  ) {}

  /** The session as it is now, whoever wrote it; a fresh one when there is none of this account. @throws ICLOUD_SESSION_UNREADABLE, IO_ERROR */
  async read(): Promise<SessionDocument> {
    const text = await readSecretFile(this.file);
    if (text === null) return freshDocument(this.username);
    const read = sessionDocument.safeParse(await this.cipher.open(text));
    // zod's message would quote what it found.
    if (!read.success) throw unreadable(`its content is not understood (${read.error.issues.map(({ path }) => path.join('.')).join(', ')})`);
    return read.data.username === this.username ? read.data : { ...freshDocument(this.username), generation: read.data.generation };
  }

  /** Runs work that changes the session while no other process can; the session is read anew once the lock is there. */
  async exclusively<T>(signal: AbortSignal | undefined, work: (held: HeldSession) => Promise<T>): Promise<T> {
    return await withLock(this.file, signal, async (lost) => {
      await removeLeftovers(this.file);
      const document = await this.read();
      let generation = document.generation;
      return await work({
        document,
        lost,
        save: async (changed) => {
          lost.throwIfAborted();
          if ((await this.read()).generation !== generation) throw new PipelineError('ICLOUD_UNREACHABLE', 'another process has written a newer iCloud session');
          const written = { ...changed, generation: generation + 1 };
          await writeSecretFile(this.file, await this.cipher.seal(written));
          generation = written.generation;
          return written;
        },
      });
    });
  }

  /**
   * Gives the session up. What was counted to keep Apple from locking the account stays: signing out and in again is no way round it.
   * @throws ICLOUD_SESSION_UNREADABLE
   */
  async forget(now: number, signal: AbortSignal | undefined): Promise<void> {
    await this.exclusively(signal, async (held) => {
      const { generation, signIns, quietUntil, refusedPassword } = held.document;
      const kept = { ...freshDocument(this.username), generation, signIns: lately(signIns, now), quietUntil, refusedPassword };
      if (kept.signIns.length === 0 && quietUntil === null && refusedPassword === null) await removeSecretFile(this.file);
      else await held.save({ ...kept, state: 'signed_out', stateSince: now });
    });
  }
}
