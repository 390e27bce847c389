import type { ChromaDifference, ChromaSteps } from '@media-pipeline/media';
import type { JpegTable } from './picture-coding';
import type { Found, SearchSpace, Trial } from './quality-search';

/** The picture with its colours as they are stored (withStoredColours), for planes that are coded one by one. */
export interface StoredColours {
  readonly bytes: Uint8Array;
  readonly steps: ChromaSteps;
}

/** What the picture threads are asked; see picture.worker.ts. */
export interface EncodeRequest {
  readonly task: 'encode';
  readonly format: 'jpeg' | 'webp';
  /** The coded picture; with `again` the one of the last request is used. */
  readonly bytes: Uint8Array;
  readonly again: boolean;
  readonly grey: boolean;
  readonly chroma: '4:2:0' | '4:4:4';
  readonly stored?: StoredColours;
  readonly resize?: { readonly width: number; readonly height: number };
  /** Fixed, or null to search for `target`. */
  readonly quality: number | null;
  /** Of a JPEG: the first is the one that is searched, and that a fixed quality means; the others are tried as well. */
  readonly tables: readonly [JpegTable, ...JpegTable[]];
  readonly target: number;
  readonly space: SearchSpace;
  /** Bytes of the whole file, of the part of it that stays, and of tables and headers in an encoded sample. */
  readonly fileBytes: number;
  readonly rest: number;
  readonly overhead: number;
  readonly minSaving: number;
  /** By how much a prediction may be too large, as a share: within it the picture is encoded all the same. */
  readonly doubt: number;
}

export interface EncodeAnswer {
  /** One picture, or its three planes. Null when the samples say that it is not worth the while. */
  readonly encoded: readonly Uint8Array[] | null;
  readonly quality: number;
  readonly table: JpegTable;
  /** Of planes. */
  readonly chromaQuality?: number;
  readonly width: number;
  readonly height: number;
  readonly search: (Omit<Found, 'trials'> & { readonly trials: readonly (Trial & { readonly way: JpegTable })[]; readonly milliseconds: number }) | null;
}

export interface MeasureRequest {
  readonly task: 'measure';
  /** Null: the picture that was decoded for the last request. */
  readonly source: Uint8Array | null;
  readonly result: Uint8Array;
  readonly grey: boolean;
  /** Whether chroma is measured finely, too. */
  readonly chroma: boolean;
  readonly resize?: { readonly width: number; readonly height: number };
}

export interface MeasureAnswer {
  readonly width: number;
  readonly height: number;
  /** MS-SSIM of luma; 0 where the sizes differ. */
  readonly mean: number;
  readonly worst: number;
  /** PSNR (dB) of all channels seen from afar: luma alone would not tell a wrong colour. 99 where there is none. */
  readonly colour: number;
  /** Where it was asked for, and there is any. */
  readonly chroma: ChromaDifference | null;
}

/** `forget`: lets go of the last decoded picture. */
export type PictureRequest = EncodeRequest | MeasureRequest | { readonly task: 'forget' };
