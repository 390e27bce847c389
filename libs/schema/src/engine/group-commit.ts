import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { PipelineError } from '@media-pipeline/contracts';
import type { QueryRunner } from 'typeorm';
import { databaseError, isBusy } from './database-errors';
import { sqlite } from './dialect';
import { RunnerSession, type Session } from './session';
import { inTransaction } from './transaction-scope';

/** A group ends after so many units or so many milliseconds, so that other processes and the event loop have their turn. */
const maxUnits = 256;
const maxHoldMs = 20;
/**
 * Commits begin at least so far apart (ms), unless enough units wait, so that those who were answered by the last one and did their next
 * step share the next one. A writer alone after a pause does not wait.
 */
const pulseMs = 5;
const enoughUnits = 24;
/** How long the lock of another process is waited for before it counts as an error. */
const lockPatienceMs = 30_000;

interface Unit {
  readonly work: (session: Session) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}
type Settlement = () => void;

/**
 * The one writer of this process on an SQLite file.
 *
 * A durable commit costs an fsync, so units of work that wait for the writer share one: they run one after another inside a single
 * BEGIN IMMEDIATE … COMMIT, each in a savepoint of its own. A unit that throws is rolled back alone. No unit is answered before the COMMIT;
 * when that fails, all of them fail. While another process holds the lock this one waits without blocking its event loop,
 * which is why SQLite's own busy handler (a sleep on the main thread) is off on this connection.
 */
export class GroupCommit {
  private readonly queue: Unit[] = [];
  private draining: Promise<void> | null = null;
  private closed = false;
  private lastBegan = -Infinity;

  constructor(private readonly runner: QueryRunner) {}

  write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new PipelineError('DATABASE_UNAVAILABLE', 'the database is closed'));
    return new Promise<T>((resolve, reject) => {
      this.queue.push({ work, resolve: (result) => resolve(result as T), reject });
      this.draining ??= this.drain();
    });
  }

  /** Resolves when everything that was asked for before is settled; nothing is taken after. */
  async close(): Promise<void> {
    this.closed = true;
    await this.draining;
  }

  private async drain(): Promise<void> {
    // Whoever asks in the same turn of the event loop shares the commit.
    await nextTurn();
    while (this.queue.length > 0) {
      while (this.queue.length < enoughUnits && performance.now() < this.lastBegan + pulseMs) await pause(1);
      this.lastBegan = performance.now();
      for (const settle of await this.group()) settle();
      await nextTurn();
    }
    this.draining = null;
  }

  private async group(): Promise<Settlement[]> {
    const taken: Unit[] = [];
    const settlements: Settlement[] = [];
    try {
      await this.begin();
    } catch (error) {
      return this.queue.splice(0).map((unit) => () => unit.reject(databaseError(error)));
    }
    try {
      const until = performance.now() + maxHoldMs;
      for (let unit = this.queue.shift(); unit; unit = taken.length < maxUnits && performance.now() < until ? this.queue.shift() : undefined) {
        taken.push(unit);
        settlements.push(await this.run(unit));
      }
      await this.runner.query('COMMIT');
      return settlements;
    } catch (error) {
      // SQLite may have rolled back by itself (full disk, I/O error): then this one has nothing to do.
      await this.runner.query('ROLLBACK').catch(() => undefined);
      return taken.map((unit) => () => unit.reject(databaseError(error)));
    }
  }

  /** Runs one unit in its savepoint. Throws when the whole transaction is lost. */
  private async run(unit: Unit): Promise<Settlement> {
    const session = new RunnerSession(this.runner, sqlite);
    await this.runner.query('SAVEPOINT unit');
    try {
      const result = await inTransaction(() => unit.work(session));
      await this.runner.query('RELEASE unit');
      return () => unit.resolve(result);
    } catch (error) {
      await this.runner.query('ROLLBACK TO unit').catch(() => {
        throw error;
      });
      await this.runner.query('RELEASE unit');
      return () => unit.reject(error);
    } finally {
      session.end();
    }
  }

  private async begin(): Promise<void> {
    const deadline = performance.now() + lockPatienceMs;
    for (;;) {
      try {
        await this.runner.query('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
      }
      await pause(1 + Math.random() * 6);
    }
  }
}
