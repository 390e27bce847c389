import { Injectable } from '@nestjs/common';
import { dead, done, emit, PipelineError, skip, toPipelineError, type Outcome, type Payload } from '@media-pipeline/contracts';
import type { SignIn, Zone } from '@media-pipeline/icloud';
import { Logger, Settings } from '@media-pipeline/stage';
import type { Reading } from '../reading';
import { ICloudConnection, type Connected } from './adapters/connection';
import { Deletions } from './adapters/deletions';
import { aftermath } from './aftermath';
import { Collector, type Collected } from './collector';
import { ICloudRegister } from './icloud-register';
import { LibraryReader } from './library-reader';

type SignedOut = Exclude<SignIn, { kind: 'signed_in' }>;

/** Reads the iCloud photo library when asked to: what there is, then the bytes. */
@Injectable()
export class ICloudService {
  private readings = 0;
  private fruitless = 0;
  /** What a person was told last: it is told once, until something else is so. */
  private told = '';

  constructor(
    private readonly settings: Settings,
    private readonly connection: ICloudConnection,
    private readonly library: LibraryReader,
    private readonly collector: Collector,
    private readonly deletions: Deletions,
    private readonly register: ICloudRegister,
    private readonly logger: Logger,
  ) {}

  async read(request: Payload<'media.ingest.requested'>, reading: Reading): Promise<Outcome> {
    if (request.source === 'folder') return skip('asked of the folder');
    if (!this.settings.enable.icloudDownload) return skip('iCloud is off (ENABLE_ICLOUD_DOWNLOAD)');
    if (this.settings.icloud.username === null) {
      const reason = 'No iCloud account is named. Set ICLOUD_USERNAME, or set ENABLE_ICLOUD_DOWNLOAD=false.';
      return request.source === 'icloud' ? dead('SETTINGS_INVALID', reason) : skip(reason);
    }
    const collected: Collected = { brought: 0, copied: 0, bytes: 0, setAside: 0 };
    try {
      const connected = await this.connection.open();
      const signIn = await connected.account.signIn({ signal: reading.signal, by: 'service' });
      if (signIn.kind !== 'signed_in') throw whatIsMissing(signIn);
      await this.readSignedIn(connected, request.full ?? false, reading, collected);
      this.fruitless = 0;
      this.told = '';
      return done();
    } catch (thrown) {
      reading.signal.throwIfAborted();
      return await this.brokenOff(thrown, collected);
    }
  }

  /** A code of two-factor authentication, from whoever has it. What was wrong with it comes back as a dead letter, without the code. */
  async submit({ code }: Payload<'media.icloud.code'>): Promise<Outcome> {
    if (!this.settings.enable.icloudDownload || this.settings.icloud.username === null) return skip('iCloud is off (ENABLE_ICLOUD_DOWNLOAD, ICLOUD_USERNAME)');
    const { account } = await this.connection.open();
    if ((await account.status()).state === 'signed_in') return skip('nobody waits for a code: iCloud is signed in');
    const signIn = await account.submitCode(code);
    if (signIn.kind !== 'signed_in') throw whatIsMissing(signIn);
    this.logger.info({ trustedUntil: signIn.trustedUntil }, 'signed in to iCloud with the code that was given');
    await this.register.history('signed in to iCloud with the code that was given');
    return done(emit('media.ingest.requested', { source: 'icloud' }, 'code', String(Date.now())));
  }

  private async readSignedIn(connected: Connected, full: boolean, reading: Reading, collected: Collected): Promise<void> {
    const since = performance.now();
    const { signal, attempt } = reading;
    const report = (label: string, fraction?: number): void => { reading.report(label, fraction); };
    // After a start or an attempt that broke off, what arrived may not have been announced.
    if (this.readings === 0 || attempt > 1) await this.register.announceAll(signal);
    let zones: Promise<readonly Zone[]> | undefined;
    const zonesNow = (): Promise<readonly Zone[]> => (zones ??= connected.photos.zones(signal));
    await this.library.read(connected.photos, { full, signal, report, zones: zonesNow });
    await this.collector.collect({ ...connected, signal, report, zones: zonesNow }, collected);
    const tidied = await this.deletions.tidy(signal);
    this.readings += 1;
    const facts = { ...collected, tidied, seconds: Math.round(performance.now() - since) / 1000 };
    const { brought, copied, setAside } = collected;
    const spared = copied > 0 ? ` (${copied} ${copied === 1 ? 'file was' : 'files were'} here already and not downloaded)` : '';
    if (brought + setAside + tidied > 0) await this.register.history(`iCloud: ${brought} photos and videos taken in${spared}, ${setAside} set aside${tidied > 0 ? `, ${tidied} deleted there moved to cleanup/` : ''}`);
    this.logger[brought + setAside + tidied > 0 ? 'info' : 'debug'](facts, 'iCloud was read');
  }

  private async brokenOff(thrown: unknown, { brought, setAside }: Collected): Promise<Outcome> {
    const error = toPipelineError(thrown);
    this.fruitless = brought + setAside > 0 ? 1 : this.fruitless + 1;
    const nextSignInAt = error.code === 'ICLOUD_SIGN_IN_LIMIT' || error.code === 'ICLOUD_RATE_LIMITED' ? await this.nextSignIn() : null;
    const outcome = aftermath(error, { ends: this.settings.execution.mode === 'single', fruitless: this.fruitless, nextSignInAt, now: Date.now() });
    if (outcome === null) throw thrown;
    await this.tell(error);
    return outcome;
  }

  private async nextSignIn(): Promise<Date | null> {
    const { account } = await this.connection.open();
    return (await account.status()).nextSignInAt;
  }

  /** In the log and in the history, once until it is something else. */
  private async tell({ code, kind, message, advice }: PipelineError): Promise<void> {
    // A new code is news each time; anything else is the same however it is worded.
    const news = code === 'ICLOUD_CODE_NEEDED' ? `${code} ${message}` : code;
    if (news === this.told) return;
    this.told = news;
    const level = kind === 'configuration' ? 'error' : 'warn';
    this.logger[level]({ code, advice }, `iCloud cannot be read: ${message}`);
    await this.register.note(code, `iCloud cannot be read: ${message}`, kind === 'configuration' ? 'error' : 'warning');
  }
}

function whatIsMissing(signIn: SignedOut): PipelineError {
  if (signIn.kind === 'consent_needed') return new PipelineError('ICLOUD_CONSENT_NEEDED', 'Advanced Data Protection is on, and the owner has not yet allowed access to the photos on a device');
  const { via, phone, since, expiresAt } = signIn.request;
  const where = via === 'sms' ? `to the phone ${phone ?? ''}`.trim() : 'to your devices';
  return new PipelineError('ICLOUD_CODE_NEEDED', `Apple wants a code, which was sent ${where} at ${since.toISOString()} and is good until about ${expiresAt.toISOString()}`);
}
