import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { ManualClock } from '../../clock';
import { FaultBoard } from '../../faults';
import { LocalLibrary, registerPhotos } from '../index';

export interface Value<T = unknown> {
  value: T;
  type: string;
}

interface ResourceValue {
  fileChecksum: string;
  size: number;
  downloadURL: string;
  wrappingKey: string;
  referenceChecksum: string;
}

export interface WireRecord {
  recordName: string;
  recordType: string | null;
  recordChangeTag: string;
  deleted: boolean;
  serverErrorCode?: string;
  fields: Record<string, Value | undefined> & {
    masterRef?: Value<{ recordName: string }>;
    resOriginalRes?: Value<ResourceValue>;
    resOriginalVidComplRes?: Value<ResourceValue>;
    resJPEGFullRes?: Value<ResourceValue>;
  };
}

export interface Answer {
  records: WireRecord[];
  syncToken: string;
  continuationMarker?: string;
  moreComing?: boolean;
  zones: { zoneID: { zoneName: string; ownerRecordName: string; zoneType: string }; syncToken: string; moreComing: boolean; records: WireRecord[]; serverErrorCode?: string; reason?: string }[];
  batch: { records: WireRecord[] }[];
  serverErrorCode?: string;
  reason?: string;
}

export const listType = 'CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted';
export const primary = { zoneName: 'PrimarySync' };

/** The photo routes on a server of their own: the session is one cookie here. */
export class PhotoServer {
  private constructor(
    private readonly app: FastifyInstance,
    readonly url: string,
    readonly library: LocalLibrary,
    readonly faults: FaultBoard,
    readonly clock: ManualClock,
  ) {}

  static async start(seed = 1): Promise<PhotoServer> {
    const app = Fastify({ forceCloseConnections: true });
    const clock = new ManualClock(Date.UTC(2026, 10, 20));
    const library = new LocalLibrary({ clock, seed });
    const faults = new FaultBoard(seed);
    let url = '';
    registerPhotos(app, {
      library,
      faults,
      origin: () => url,
      requireSession: async (request, reply) => {
        if (request.headers.cookie !== 'session=1') await reply.code(421).send({ error: 'Missing X-APPLE-WEBAUTH-TOKEN cookie' });
      },
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    url = `http://127.0.0.1:${String((app.server.address() as AddressInfo).port)}`;
    return new PhotoServer(app, url, library, faults, clock);
  }

  /** Posts as web clients do. */
  async raw(path: string, body: string, options: { database?: string; headers?: Record<string, string>; query?: string } = {}): Promise<Response> {
    const { database = 'private', headers = { cookie: 'session=1', 'content-type': 'text/plain' }, query = 'remapEnums=true&getCurrentSyncToken=true&clientId=c&dsid=1' } = options;
    return fetch(`${this.url}/database/1/com.apple.photos.cloud/production/${database}/${path}?${query}`, { method: 'POST', body, headers });
  }

  async post(path: string, body: object, options: { database?: string; query?: string } = {}): Promise<{ status: number } & Answer> {
    const response = await this.raw(path, JSON.stringify(body), options);
    return { status: response.status, ...((await response.json()) as Answer) };
  }

  async list(startRank: number, more: { recordType?: string; direction?: string; filterBy?: object[]; limit?: number; zoneID?: object; desiredKeys?: string[]; database?: string } = {}): Promise<{ status: number } & Answer> {
    const { recordType = listType, direction = 'ASCENDING', filterBy = [], limit = 200, zoneID = primary, desiredKeys, database = 'private' } = more;
    const rank = [equals('startRank', startRank, 'INT64'), equals('direction', direction)];
    return this.post('records/query', { query: { recordType, filterBy: [...rank, ...filterBy] }, resultsLimit: limit, zoneID, ...(desiredKeys && { desiredKeys }) }, { database });
  }

  async changes(syncToken: string | undefined, resultsLimit = 200, zoneID: object = primary): Promise<Answer['zones'][number]> {
    const { zones } = await this.post('changes/zone', { zones: [{ zoneID, resultsLimit, ...(syncToken !== undefined && { syncToken }) }] });
    const [zone] = zones;
    if (zone === undefined) throw new Error('the answer has no zone');
    return zone;
  }

  async get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(url, { headers });
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}

export const equals = (fieldName: string, value: unknown, type = 'STRING') => ({ fieldName, comparator: 'EQUALS', fieldValue: { type, value } });
export const assetsOf = (records: readonly WireRecord[]) => records.filter(({ recordType }) => recordType === 'CPLAsset');
export const mastersOf = (records: readonly WireRecord[]) => records.filter(({ recordType }) => recordType === 'CPLMaster');
