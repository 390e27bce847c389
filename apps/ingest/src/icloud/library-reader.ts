import { Injectable } from '@nestjs/common';
import { PipelineError } from '@media-pipeline/contracts';
import type { Album, PhotoLibrary, Zone } from '@media-pipeline/icloud';
import { Logger, Settings } from '@media-pipeline/stage';
import { wantedOf, type Wanted } from './filter';
import { ICloudRegister } from './icloud-register';
import { missingAlbums, wantedAlbums } from './zone-pages';
import { ZoneReader } from './zone-reader';

export interface LibraryRequest {
  /** List everything even where sync tokens would do. */
  readonly full: boolean;
  readonly signal: AbortSignal;
  readonly report: (label: string) => void;
  readonly zones: () => Promise<readonly Zone[]>;
}

/** The scope of the token that tells in one question which zones have changed. */
const databaseScope = 'database';

/** Learns what is new in all zones of an account; one that has not changed costs one question for all. */
@Injectable()
export class LibraryReader {
  constructor(
    private readonly settings: Settings,
    private readonly zone: ZoneReader,
    private readonly register: ICloudRegister,
    private readonly logger: Logger,
  ) {}

  async read(photos: PhotoLibrary, request: LibraryRequest): Promise<void> {
    const wanted = wantedOf(this.settings.icloud);
    const before = await this.register.cursor(databaseScope);
    const startsOver = request.full || before?.filter !== wanted.print;
    const { zones, token } = await this.changed(photos, startsOver ? null : before.token, request);
    const mine = zones.filter(({ shared }) => wanted.filter.shared || !shared);
    const albums = await this.albums(photos, mine, wanted, request.signal);
    for (const zone of mine) await this.zone.read(photos, { ...request, zone, wanted, albums: albums.get(zone.name) ?? [] });
    // Only now: what it says is covered has been written down.
    await this.register.saveCursor({ scope: databaseScope, token, filter: wanted.print, counts: { at: new Date().toISOString(), changed: mine.map(({ name }) => name) } });
  }

  /** The zones that are to be read: those with changes, all of them at first. */
  private async changed(photos: PhotoLibrary, token: string | null, { zones, signal }: LibraryRequest): Promise<{ zones: readonly Zone[]; token: string }> {
    try {
      if (token !== null) return await photos.changedZones(token, signal);
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'ICLOUD_SYNC_TOKEN_INVALID') throw error;
    }
    const { token: first } = await photos.changedZones(null, signal);
    return { zones: await zones(), token: first };
  }

  /** The albums of ICLOUD_ALBUMS, by zone. One that is nowhere is said: it may be misspelt. */
  private async albums(photos: PhotoLibrary, zones: readonly Zone[], { albums: names }: Wanted, signal: AbortSignal): Promise<Map<string, Album[]>> {
    const found = new Map<string, Album[]>();
    if (names.length === 0) return found;
    for (const zone of zones) found.set(zone.name, wantedAlbums(await photos.albums(zone, signal), names));
    const missing = missingAlbums([...found.values()].flat(), names);
    if (missing.length > 0) this.logger.warn({ albums: missing }, 'ICLOUD_ALBUMS names albums that are not in iCloud');
    return found;
  }
}
