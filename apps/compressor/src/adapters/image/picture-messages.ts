import type { Found, SearchSpace } from './quality-search';

/** What the picture threads are asked; see picture.worker.ts. */
export interface EncodeRequest {
  readonly task: 'encode';
  readonly format: 'jpeg' | 'webp';
  /** The coded picture; with `again` the one of the last request is used. */
  readonly bytes: Uint8Array;
  readonly again: boolean;
  readonly grey: boolean;
  readonly chroma: '4:2:0' | '4:4:4';
  readonly resize?: { readonly width: number; readonly height: number };
  /** Fixed, or null to search for `target`. */
  readonly quality: number | null;
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
  /** Null when the samples say that it is not worth the while. */
  readonly encoded: Uint8Array | null;
  readonly quality: number;
  readonly width: number;
  readonly height: number;
  readonly search: (Found & { readonly milliseconds: number }) | null;
}

export interface MeasureRequest {
  readonly task: 'measure';
  /** Null: the picture that was decoded for the last request. */
  readonly source: Uint8Array | null;
  readonly result: Uint8Array;
  readonly grey: boolean;
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
}

/** `forget`: lets go of the last decoded picture. */
export type PictureRequest = EncodeRequest | MeasureRequest | { readonly task: 'forget' };
