import { Progress, progressSubject, type StageName } from '@media-pipeline/contracts';
import type { BrokerLink } from './connection/broker-link';

/** At most ten a second per stage. */
const leastGapMs = 100;
/** What is done sooner than this is not worth a line. */
const worthReportingMs = 200;

/** Says on `progress.<stage>.<assetId>` what is being worked on: core NATS, best effort, stored nowhere. */
export class ProgressReporter {
  private readonly lastAt = new Map<StageName, number>();

  constructor(private readonly link: BrokerLink) {}

  /** False when it was left out because the stage has just said something; an `ended` never is. */
  report(progress: Progress): boolean {
    const now = performance.now();
    if (progress.phase === 'working' && now - (this.lastAt.get(progress.stage) ?? -Infinity) < leastGapMs) return false;
    this.lastAt.set(progress.stage, now);
    this.link.send(progressSubject(progress.stage, progress.assetId.replace(/[\s.*>]/g, '_') || '_'), JSON.stringify(progress));
    return true;
  }

  /** Calls back with every valid report of any process; returns what ends that. */
  watch(callback: (progress: Progress) => void): () => void {
    const subscription = this.link.subscribe('progress.>', (message) => {
      const progress = Progress.safeParse(parse(message.data));
      if (progress.success) callback(progress.data);
    });
    return () => subscription.unsubscribe();
  }
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The progress of one message: shown once it takes long enough, and ended if it was shown. */
export class Activity {
  private latest: { label: string; fraction: number | undefined } | undefined;
  private longEnough = false;
  private shown = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly reporter: ProgressReporter,
    private readonly stage: StageName,
    private readonly about: string,
  ) {
    this.timer = setTimeout(() => {
      this.longEnough = true;
      this.show();
    }, worthReportingMs);
  }

  report(label: string, fraction?: number): void {
    this.latest = { label, fraction: fraction === undefined ? undefined : Math.min(1, Math.max(0, fraction)) };
    if (this.longEnough) this.show();
  }

  end(): void {
    clearTimeout(this.timer);
    if (this.shown) this.say('ended');
  }

  private show(): void {
    if (this.latest && this.say('working')) this.shown = true;
  }

  private say(phase: Progress['phase']): boolean {
    const { label = '', fraction } = this.latest ?? {};
    return this.reporter.report({ stage: this.stage, assetId: this.about, label, phase, ...(fraction === undefined ? {} : { fraction }) });
  }
}
