import type { ContentAnswer, ContentResponse, ServiceRequest, WebService } from '../../service';
import { ServiceClient } from '../../service';
import { assetRecord, failure, masterRecord, type PaperAsset } from './records';

interface Body {
  readonly query?: { readonly recordType: string; readonly filterBy?: readonly { readonly fieldName: string; readonly fieldValue: { readonly value: unknown } }[] };
  readonly resultsLimit?: number;
  readonly records?: readonly { readonly recordName: string }[];
}

export interface Asked {
  readonly path: string;
  readonly body: Body;
}

/** A photo library on paper: answers calls from a list of assets in rank order, nothing more. A test changes the list and the pages as it likes. */
export class PaperCloud extends ServiceClient {
  readonly asked: Asked[] = [];
  count: number | null | 'as it is' = 'as it is';
  syncToken = 'token-1';
  /** Makes another page of the one that would be answered. */
  distort: (records: unknown[], page: number) => unknown[] = (records) => records;
  beforePage: (page: number) => void = () => undefined;
  #pages = 0;

  constructor(public assets: PaperAsset[]) {
    super();
  }

  get pages(): number {
    return this.#pages;
  }

  override async call(_service: WebService, path: string, { body }: ServiceRequest): Promise<unknown> {
    const question = body as Body;
    this.asked.push({ path, body: question });
    if (path.endsWith('/internal/records/query/batch')) return this.#count();
    if (path.endsWith('/records/lookup')) return { records: (question.records ?? []).map(({ recordName }) => this.lookup(recordName)) };
    if (question.query?.recordType === 'CheckIndexingState') return { records: [{ recordName: '_x', recordType: 'CheckIndexingState', fields: { state: { value: 'FINISHED' } } }], syncToken: this.syncToken };
    return this.#page(question);
  }

  override async open(): Promise<ContentResponse> {
    throw new Error('nothing to download here');
  }

  override async send(): Promise<ContentAnswer> {
    throw new Error('nothing is taken here');
  }

  lookup(name: string): unknown {
    const asset = this.assets.find(({ id }) => id === name);
    if (asset) return assetRecord(asset.id, asset.master, { assetDate: { type: 'TIMESTAMP', value: asset.at } });
    return this.assets.some(({ master }) => master === name) ? masterRecord(name) : failure(name);
  }

  #count(): unknown {
    if (this.count === null) return { batch: [{ records: [] }] };
    return { batch: [{ records: [{ recordName: 'i', fields: { itemCount: { value: this.count === 'as it is' ? this.assets.length : this.count, type: 'INT64' } } }] }] };
  }

  #page(body: Body): unknown {
    const page = this.#pages++;
    this.beforePage(page);
    const rank = Number(body.query?.filterBy?.find(({ fieldName }) => fieldName === 'startRank')?.fieldValue.value ?? 0);
    const limit = Math.min(200, body.resultsLimit ?? 200);
    const records: unknown[] = [];
    const masters = new Set<string>();
    for (const { id, master, at } of this.assets.slice(rank)) {
      if (records.length + 2 > limit) break;
      if (!masters.has(master)) records.push(masterRecord(master));
      masters.add(master);
      records.push(assetRecord(id, master, { assetDate: { type: 'TIMESTAMP', value: at } }));
    }
    return { records: this.distort(records, page), syncToken: `${this.syncToken}${page === 0 ? '' : `-later-${page}`}` };
  }
}

/** Newest first, as Apple ranks; every third shares its master with its neighbour. */
export const paperAssets = (most: number): PaperAsset[] =>
  Array.from({ length: most }, (_, index) => ({ id: `asset-${index}`, master: `master-${index % 3 === 2 ? index - 1 : index}`, at: 1_700_000_000_000 - index * 60_000 }));
