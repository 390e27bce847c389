import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PipelineError } from '@media-pipeline/contracts';
import { ContentIndex, endpointsFor, ICloudAccount, Uploads, type Cookie, type FillIn, type IndexedFile, type IndexPage, type LentCookies, type SignIn, type Zone } from '@media-pipeline/icloud';
import { Database, type CloudContentFile } from '@media-pipeline/schema';
import { Logger, Settings } from '@media-pipeline/stage';

/** Uploads go to the person's own library. */
const zone: Zone = { name: 'PrimarySync', owner: null, database: 'private', shared: false };

/** The account of this process, and what it can be asked about uploads. Opened at its first use, closed with the stage. */
@Injectable()
export class Cloud implements OnModuleDestroy {
  private opening: Promise<{ readonly account: ICloudAccount; readonly uploads: Uploads }> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  /** Asks Apple nothing. @throws SETTINGS_INVALID without a username; ICLOUD_SESSION_UNREADABLE, IO_ERROR */
  async uploads(): Promise<Uploads> {
    return (await this.opened()).uploads;
  }

  /** The session's newest cookies. @throws ICLOUD_SESSION_UNREADABLE, IO_ERROR */
  async lendCookies(): Promise<LentCookies> {
    const { account } = await this.opened();
    return await account.lendCookies();
  }

  /** Takes into the session what a browser has renewed. @throws ICLOUD_SESSION_UNREADABLE, IO_ERROR, ICLOUD_UNREACHABLE */
  async takeCookies(lent: LentCookies, returned: readonly Cookie[]): Promise<void> {
    const { account } = await this.opened();
    await account.takeCookies(lent, returned);
  }

  /** Opens the session, by its cookies, its tokens, or the password. @throws ICLOUD_CODE_NEEDED and the other ICLOUD_* reasons */
  async signIn(signal?: AbortSignal): Promise<void> {
    const { account } = await this.opened();
    refuseUnlessIn(await account.signIn({ by: 'service', ...(signal && { signal }) }));
  }

  /** Signs in on Apple's page. @throws ICLOUD_CODE_NEEDED and the other ICLOUD_* reasons */
  async signInOnPage(fillIn: FillIn, signal: AbortSignal): Promise<void> {
    const { account } = await this.opened();
    refuseUnlessIn(await account.signInOnPage(fillIn, { signal }));
  }

  async onModuleDestroy(): Promise<void> {
    const opened = await this.opening?.catch(() => undefined);
    await opened?.account.close();
  }

  private async opened(): Promise<{ readonly account: ICloudAccount; readonly uploads: Uploads }> {
    this.opening ??= this.open().catch((error: unknown) => {
      // Whatever it was may be mended by the next time.
      this.opening = undefined;
      throw error;
    });
    return await this.opening;
  }

  private async open(): Promise<{ readonly account: ICloudAccount; readonly uploads: Uploads }> {
    const { username, password, sessionFile, secretsKey, region, authUrl, setupUrl, upload } = this.settings.icloud;
    if (username === null) throw new PipelineError('SETTINGS_INVALID', 'ICLOUD_USERNAME is not set');
    const account = await ICloudAccount.open({ username, password, sessionFile, secretsKey, endpoints: endpointsFor(region, { auth: authUrl, setup: setupUrl }), log: this.logger });
    return { account, uploads: new Uploads(account, zone, new StoredIndex(this.database), { settleMs: upload.appearMs }) };
  }
}

function refuseUnlessIn(signIn: SignIn): void {
  if (signIn.kind === 'code_needed') throw new PipelineError('ICLOUD_CODE_NEEDED', `iCloud waits for the code that was sent at ${signIn.request.since.toISOString()}`);
  if (signIn.kind === 'consent_needed') throw new PipelineError('ICLOUD_CONSENT_NEEDED', 'the owner has not yet let the web in on a device');
}

/** What is in iCloud, kept in the database. */
class StoredIndex extends ContentIndex {
  constructor(private readonly database: Database) {
    super();
  }

  override async syncToken(): Promise<string | null> {
    return await this.database.cloudContents.syncToken(zone.name);
  }

  override async save(page: IndexPage): Promise<void> {
    await this.database.cloudContents.save(zone.name, page);
  }

  override async find(checksums: readonly string[]): Promise<readonly IndexedFile[]> {
    const files = await this.database.cloudContents.find(zone.name, checksums);
    return files.filter(isIndexed);
  }
}

const roles: ReadonlySet<string> = new Set<IndexedFile['role']>(['original', 'alternative', 'live_video']);
const isIndexed = (file: CloudContentFile): file is CloudContentFile & { role: IndexedFile['role'] } => roles.has(file.role);
