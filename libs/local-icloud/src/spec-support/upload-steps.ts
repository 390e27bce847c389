import { randomUUID } from 'node:crypto';
import type { Answer, WebClient } from './web-client';

/** What one entry of putAsset's answer holds. */
export interface PutAnswer {
  readonly uploadJobId?: string;
  readonly cplMaster?: string;
  readonly cplAsset?: string;
  readonly response: { readonly status: number; readonly isRetryable?: boolean; readonly errorMessage?: string };
}

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer;
}

/** An upload step by step, as bare as the protocol is; nothing is retried and nothing is checked. */
export class UploadSteps {
  constructor(
    readonly client: WebClient,
    readonly zoneName = 'PrimarySync',
  ) {}

  async createUrls(sizes: Record<string, number>): Promise<Answer> {
    return this.client.post('/photosupload/createUploadUrl', { zoneName: this.zoneName, assets: sizes });
  }

  /** The upload URL of one file. */
  async createUrl(bytes: number): Promise<string> {
    const { body } = await this.createUrls({ only: bytes });
    return (body as { uploadUrls: Record<string, string> }).uploadUrls['only'] ?? '';
  }

  /** Reserves and sends: what to put. */
  async receiptOf(bytes: Buffer): Promise<object> {
    const answer = await this.client.sendBytes(await this.createUrl(bytes.length), bytes);
    return (answer.body as { singleFile: object }).singleFile;
  }

  async put(files: readonly { name: string; receipt: object }[]): Promise<Answer> {
    return this.client.post('/photosupload/putAsset', {
      zoneName: this.zoneName,
      files: files.map(({ name, receipt }) => ({ fileName: name, lastModDate: Date.UTC(2026, 4, 3), timeZoneOffset: -120, singleFileUploadRequest: receipt })),
      localTimeZoneId: 'Europe/Berlin',
      importGroup: randomUUID(),
    });
  }

  async upload(...files: readonly NamedBytes[]): Promise<PutAnswer[]> {
    const receipts: { name: string; receipt: object }[] = [];
    for (const { name, bytes } of files) receipts.push({ name, receipt: await this.receiptOf(bytes) });
    return (await this.put(receipts)).body as PutAnswer[];
  }

  async status(...uploadJobIds: (string | undefined)[]): Promise<Record<string, { progress?: number; errorCode?: number }>> {
    return (await this.client.post('/photosupload/uploadStatus', { uploadJobIds })).body as Record<string, { progress?: number; errorCode?: number }>;
  }

  /** CloudKit's answer for one record. */
  async record(recordName: string | undefined): Promise<{ serverErrorCode?: string; fields?: Record<string, { value: unknown }> }> {
    const path = '/database/1/com.apple.photos.cloud/production/private/records/lookup';
    const { body } = await this.client.post(path, { records: [{ recordName }], zoneID: { zoneName: this.zoneName } });
    return (body as { records: object[] }).records[0] ?? {};
  }

  /** The names of the records that changed since a token, and the next token; without a token the newest one and nothing else. */
  async changes(syncToken = ''): Promise<{ names: string[]; syncToken: string }> {
    const path = '/database/1/com.apple.photos.cloud/production/private/changes/zone';
    const { body } = await this.client.post(path, { zones: [{ zoneID: { zoneName: this.zoneName }, syncToken, resultsLimit: 200 }] });
    const [zone] = (body as { zones: { records: { recordName: string; recordType: string }[]; syncToken: string }[] }).zones;
    return { names: (zone?.records ?? []).filter(({ recordType }) => recordType !== 'CPLLibraryInfo').map(({ recordName }) => recordName), syncToken: zone?.syncToken ?? '' };
  }
}
