import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PipelineError } from '@media-pipeline/contracts';
import { Downloader, endpointsFor, ICloudAccount, PhotoLibrary } from '@media-pipeline/icloud';
import { Logger, Settings } from '@media-pipeline/stage';

/** The one account of this process, and what can be asked of it. */
export interface Connected {
  readonly account: ICloudAccount;
  readonly photos: PhotoLibrary;
  readonly downloader: Downloader;
}

/** Opens the account at its first use and closes it with the stage. */
@Injectable()
export class ICloudConnection implements OnModuleDestroy {
  private opening: Promise<Connected> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly logger: Logger,
  ) {}

  /** Asks Apple nothing. @throws SETTINGS_INVALID without a username; ICLOUD_SESSION_UNREADABLE, IO_ERROR */
  async open(): Promise<Connected> {
    this.opening ??= this.connect().catch((error: unknown) => {
      // Whatever it was may be mended by the next time.
      this.opening = undefined;
      throw error;
    });
    return await this.opening;
  }

  async onModuleDestroy(): Promise<void> {
    const connected = await this.opening?.catch(() => undefined);
    await connected?.account.close();
  }

  private async connect(): Promise<Connected> {
    const { username, password, sessionFile, secretsKey, region, authUrl, setupUrl, bytesPerSecond, downloadsAtOnce } = this.settings.icloud;
    if (username === null) throw new PipelineError('SETTINGS_INVALID', 'ICLOUD_USERNAME is not set');
    const { logger: log } = this;
    const account = await ICloudAccount.open({ username, password, sessionFile, secretsKey, endpoints: endpointsFor(region, { auth: authUrl, setup: setupUrl }), log });
    return { account, photos: new PhotoLibrary(account), downloader: new Downloader(account, { bytesPerSecond, atOnce: downloadsAtOnce, log }) };
  }
}
