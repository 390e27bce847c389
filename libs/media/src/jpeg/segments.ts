import { PipelineError } from '@media-pipeline/contracts';

/** Marker codes (ITU-T T.81 table B.1), second byte. */
export const marker = { soi: 0xd8, eoi: 0xd9, sos: 0xda, dqt: 0xdb, dnl: 0xdc, dri: 0xdd, com: 0xfe, app0: 0xe0, app1: 0xe1, app2: 0xe2, app11: 0xeb, app14: 0xee } as const;

/** One marker segment, `[start, end)` with its marker and length bytes. */
export interface JpegSegment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

export interface JpegComponent {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
  /** Number of its quantisation table. */
  readonly table: number;
}

export interface JpegStructure {
  /** Everything between SOI and the first scan, in order. */
  readonly segments: readonly JpegSegment[];
  /** Metadata between or after the scans, which no camera writes. */
  readonly lateMetadata: boolean;
  readonly frame: { readonly marker: number; readonly precision: number; readonly width: number; readonly height: number; readonly components: readonly JpegComponent[] };
  /** Where the first SOS marker stands. */
  readonly scanStart: number;
  /** The first byte after EOI: what follows is further pictures (MPF), a video (motion photo) or a maker's trailer. */
  readonly end: number;
}

/** Segments that carry no picture data: APPn and COM. */
export const isMetadata = ({ marker: code }: JpegSegment): boolean => code === marker.com || (code >= 0xe0 && code <= 0xef);

const isFrame = (code: number): boolean => code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
export const isStandalone = (code: number): boolean => code === 0x01 || (code >= 0xd0 && code <= 0xd7);
const corrupt = (what: string): PipelineError => new PipelineError('MEDIA_CORRUPT', what);

/**
 * The structure of the JPEG image at the start of `bytes`, to its EOI, without decoding it.
 * Throws MEDIA_CORRUPT when it does not reach its end or a segment leaves the file.
 */
export function parseJpeg(bytes: Buffer): JpegStructure {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) throw corrupt('no JPEG: it does not begin with SOI');
  const segments: JpegSegment[] = [];
  let frame: JpegStructure['frame'] | undefined;
  let scanStart: number | undefined;
  let lateMetadata = false;
  let at = 2;
  for (;;) {
    const { code, start } = markerAt(bytes, at);
    if (code === marker.eoi) {
      if (!frame || scanStart === undefined) throw corrupt('the JPEG ends before its first scan');
      return { segments, lateMetadata, frame, scanStart, end: start + 2 };
    }
    if (isStandalone(code)) {
      at = start + 2;
      continue;
    }
    if (start + 4 > bytes.length) throw corrupt(`the JPEG is cut off at ${start}`);
    const segment = { marker: code, start, end: start + 2 + bytes.readUInt16BE(start + 2) };
    if (segment.end > bytes.length || segment.end < start + 4) throw corrupt(`the JPEG segment at ${start} leaves the file`);
    if (isFrame(code)) frame ??= readFrame(bytes, segment);
    if (code === marker.sos) {
      scanStart ??= start;
      at = endOfScan(bytes, segment.end);
    } else {
      if (scanStart === undefined) segments.push(segment);
      else lateMetadata ||= isMetadata(segment);
      at = segment.end;
    }
  }
}

/** The marker at `at`; any number of 0xFF may stand before it (T.81 B.1.1.2). */
export function markerAt(bytes: Buffer, at: number): { code: number; start: number } {
  if (bytes[at] !== 0xff) throw corrupt(at >= bytes.length ? 'the JPEG is cut off: its end marker is missing' : `no JPEG marker at ${at}`);
  let position = at;
  while (bytes[position + 1] === 0xff) position++;
  const code = bytes[position + 1];
  if (code === undefined || code === 0) throw corrupt(`no JPEG marker at ${at}`);
  return { code, start: position };
}

/** Entropy-coded data ends at the first marker that is neither a stuffed zero nor a restart. */
export function endOfScan(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) throw corrupt('the JPEG is cut off in its picture data');
    const next = bytes[at + 1];
    if (next === undefined) throw corrupt('the JPEG is cut off in its picture data');
    if (next !== 0 && next !== 0xff && !isStandalone(next)) return at;
    at += next === 0xff ? 1 : 2;
  }
}

function readFrame(bytes: Buffer, { marker: code, start, end }: JpegSegment): JpegStructure['frame'] {
  if (end - start < 10) throw corrupt('the JPEG frame header is too short');
  const count = bytes.readUInt8(start + 9);
  if (end - start < 10 + 3 * count) throw corrupt('the JPEG frame header is too short');
  const components = Array.from({ length: count }, (_, index) => {
    const at = start + 10 + 3 * index;
    return { id: bytes.readUInt8(at), horizontal: bytes.readUInt8(at + 1) >> 4, vertical: bytes.readUInt8(at + 1) & 15, table: bytes.readUInt8(at + 2) };
  });
  return { marker: code, precision: bytes.readUInt8(start + 4), height: bytes.readUInt16BE(start + 5), width: bytes.readUInt16BE(start + 7), components };
}

/** How many samples of luma stand beside one of chroma, across and down. */
export interface ChromaSteps {
  readonly across: number;
  readonly down: number;
}

/** Null for grey pictures, and where both chroma planes are not alike. */
export function chromaSteps({ components }: JpegStructure['frame']): ChromaSteps | null {
  const [luma, first, second] = components;
  if (!luma || !first || components.length !== 3 || first.horizontal !== second?.horizontal || first.vertical !== second.vertical) return null;
  return { across: luma.horizontal / first.horizontal, down: luma.vertical / first.vertical };
}

const named = { '1x1': '4:4:4', '2x1': '4:2:2', '2x2': '4:2:0', '1x2': '4:4:0', '4x1': '4:1:1' } as const;
export type ChromaSubsampling = 'grey' | (typeof named)[keyof typeof named] | 'other';

/** Chroma planes relative to luma, as everybody writes it; `other` for arrangements without a name. */
export function chromaSubsampling(frame: JpegStructure['frame']): ChromaSubsampling {
  if (frame.components.length < 2) return 'grey';
  const steps = chromaSteps(frame);
  const ratio = steps && `${steps.across}x${steps.down}`;
  return ratio !== null && Object.hasOwn(named, ratio) ? named[ratio as keyof typeof named] : 'other';
}
