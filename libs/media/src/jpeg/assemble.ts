import { PipelineError } from '@media-pipeline/contracts';
import { Refusal } from '../refusal';
import { endOfScan, isMetadata, isStandalone, marker, markerAt, parseJpeg, type ChromaSteps } from './segments';

/**
 * One picture of three components out of three grey ones: luma, Cb and Cr, each coded by itself as a progressive JPEG of its own size. That
 * makes every arrangement that the format knows, where libvips writes chroma of full or of half size alone; and each plane is coded from the
 * samples that were stored, without the way through RGB.
 *
 * A scan of a progressive picture may hold one component, and each component has one of the four places for tables to itself (T.81 B.2.4):
 * so the coded data is taken as it is, and only table numbers and component names are written anew. All quantisation tables stand before the
 * first scan; the scans come by turns, so that a picture that is still loading is in colour.
 *
 * @param planes luma, Cb, Cr; metadata in front is that of luma
 * Throws {@link Refusal} for what is not three such planes, MEDIA_CORRUPT for what is no JPEG.
 */
export function assemblePlanes(planes: readonly [Buffer, Buffer, Buffer], steps: ChromaSteps): Buffer {
  const [luma, first, second] = planes.map(readPlane) as [Plane, Plane, Plane];
  if (!Number.isInteger(steps.across) || !Number.isInteger(steps.down) || !arrangements.has(`${steps.across}x${steps.down}`)) throw refuse(`no picture has a sample of chroma for ${steps.across} × ${steps.down} of luma`);
  const [width, height] = [Math.ceil(luma.width / steps.across), Math.ceil(luma.height / steps.down)];
  if ([first, second].some((plane) => plane.width !== width || plane.height !== height)) throw refuse('the planes do not fit together');
  const components = [luma, first, second];
  const frame = Buffer.from([8, 0, 0, 0, 0, components.length, ...components.flatMap((_, index) => [index + 1, index === 0 ? (steps.across << 4) | steps.down : 0x11, index])]);
  frame.writeUInt16BE(luma.height, 1);
  frame.writeUInt16BE(luma.width, 3);
  const rounds = Math.max(...components.map(({ scans }) => scans.length));
  const scans = Array.from({ length: rounds }, (_, round) => components.flatMap((plane, index) => scanFor(index, plane.scans[round]))).flat();
  return Buffer.concat([
    Buffer.from([0xff, marker.soi]),
    ...luma.metadata,
    ...components.map(({ quantisation }, index) => segment(marker.dqt, Buffer.from([index]), quantisation)),
    segment(0xc2, frame),
    ...scans,
    Buffer.from([0xff, marker.eoi]),
  ]);
}

/** 4:4:4, 4:2:2, 4:4:0, 4:2:0, 4:1:1; more would be more than ten blocks to a unit, or nothing that anybody writes. */
const arrangements: ReadonlySet<string> = new Set(['1x1', '2x1', '1x2', '2x2', '4x1']);
const refuse = (why: string): Refusal => new Refusal('UNSUPPORTED_VARIANT', `the planes of the picture cannot be put together: ${why}`);
const corrupt = (why: string): PipelineError => new PipelineError('MEDIA_CORRUPT', `a plane of the picture is damaged: ${why}`);

interface Scan {
  /** Code tables that stand before it: class (0: DC, 1: AC), counts and symbols. */
  readonly tables: readonly { readonly class: number; readonly codes: Buffer }[];
  /** First and last coefficient, and both bits of precision, as the scan's header has them. */
  readonly spectrum: Buffer;
  readonly data: Buffer;
}

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly metadata: readonly Buffer[];
  /** The 64 steps, in zigzag order. */
  readonly quantisation: Buffer;
  readonly scans: readonly Scan[];
}

function segment(code: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** A scan selects a table of the kind that it uses, and 0 for the other (T.81 table B.3). */
function scanFor(index: number, scan: Scan | undefined): Buffer[] {
  if (!scan) return [];
  const [from = 0, , precision = 0] = scan.spectrum;
  const selectors = from > 0 ? index : precision >> 4 === 0 ? index << 4 : 0;
  return [
    ...scan.tables.map(({ class: kind, codes }) => segment(0xc4, Buffer.from([(kind << 4) | index]), codes)),
    segment(marker.sos, Buffer.from([1, index + 1, selectors]), scan.spectrum),
    scan.data,
  ];
}

function readPlane(bytes: Buffer): Plane {
  const { frame, segments, end } = parseJpeg(bytes);
  if (frame.marker !== 0xc2 || frame.precision !== 8 || frame.components.length !== 1) throw refuse('a plane is not grey and progressive');
  if (frame.width === 0 || frame.height === 0) throw refuse('a plane has no size');
  if (end !== bytes.length) throw refuse('something follows a plane');
  let frames = 0;
  let quantisation: Buffer | undefined;
  let tables: Scan['tables'] = [];
  const scans: Scan[] = [];
  for (let at = 2; ; ) {
    const { code, start } = markerAt(bytes, at);
    if (code === marker.eoi) break;
    if (isStandalone(code)) throw refuse('a plane has restart markers');
    at = start + 2 + bytes.readUInt16BE(start + 2);
    const body = bytes.subarray(start + 4, at);
    if (code === marker.sos) {
      const from = at;
      at = endOfScan(bytes, from);
      scans.push({ tables, spectrum: spectrumOf(body), data: scanData(bytes.subarray(from, at)) });
      tables = [];
    } else if (code === 0xc4) tables = [...tables, ...codeTables(body)];
    else if (code === marker.dqt && scans.length === 0 && quantisation === undefined) quantisation = stepsOf(body);
    else if (code === 0xc2 && frames++ === 0 && body[8] === 0) continue;
    else if (!isMetadata({ marker: code, start, end: at })) throw refuse(`a plane has a segment more, of the kind ${code.toString(16)}`);
  }
  if (!quantisation) throw refuse('a plane has no quantisation table');
  const metadata = segments.filter(isMetadata).map((each) => bytes.subarray(each.start, each.end));
  return { width: frame.width, height: frame.height, metadata, quantisation, scans };
}

function stepsOf(body: Buffer): Buffer {
  if (body.length !== 65 || body[0] !== 0 || body.includes(0, 1)) throw refuse('a plane has other than one table of 8-bit steps');
  return body.subarray(1);
}

function codeTables(body: Buffer): { class: number; codes: Buffer }[] {
  const tables: { class: number; codes: Buffer }[] = [];
  for (let at = 0; at < body.length; ) {
    if (at + 17 > body.length) throw corrupt('a code table is too short');
    const [name = 0] = body.subarray(at);
    if (name !== 0 && name !== 0x10) throw refuse('a plane has several code tables');
    const end = at + 17 + body.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    if (end > body.length) throw corrupt('a code table is too short');
    tables.push({ class: name >> 4, codes: body.subarray(at + 1, end) });
    at = end;
  }
  return tables;
}

function spectrumOf(body: Buffer): Buffer {
  if (body.length !== 6 || body[0] !== 1 || body[2] !== 0) throw refuse('a scan of a plane is not of that plane alone');
  const [from = 0, to = 0] = body.subarray(3);
  if (to > 63 || from > to || (from === 0 && to !== 0)) throw refuse('a scan of a plane is not progressive');
  return body.subarray(3);
}

/** Coded data in which nothing but stuffed bytes begins like a marker. */
function scanData(data: Buffer): Buffer {
  for (let at = data.indexOf(0xff); at >= 0; at = data.indexOf(0xff, at + 2)) if (data[at + 1] !== 0) throw refuse('a plane has restart markers');
  return data;
}
