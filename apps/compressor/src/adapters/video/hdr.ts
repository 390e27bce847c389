import { z } from 'zod';
import type { FrameSideData } from './stream-info';

/** Chromaticities in 0.00002, luminances in 0.0001 cd/m² (SMPTE ST 2086, as HEVC's SEI 137 has them). */
export interface MasteringDisplay {
  readonly red: readonly [number, number];
  readonly green: readonly [number, number];
  readonly blue: readonly [number, number];
  readonly white: readonly [number, number];
  readonly luminance: readonly [most: number, least: number];
}

/** Static HDR metadata of a video; either part may be missing (HLG has neither). */
export interface Hdr {
  readonly mastering: MasteringDisplay | null;
  /** Brightest pixel and brightest frame average, cd/m² (CTA-861.3). */
  readonly light: { readonly content: number; readonly average: number } | null;
}

/** ffprobe writes fractions: `34000/50000`. */
const Fraction = z.string().transform((text, context) => {
  const [over, under] = text.split('/').map(Number);
  const value = (over ?? Number.NaN) / (under ?? 1);
  if (Number.isFinite(value)) return value;
  context.addIssue({ code: 'custom', message: 'not a fraction' });
  return z.NEVER;
});
const Mastering = z.object({ red_x: Fraction, red_y: Fraction, green_x: Fraction, green_y: Fraction, blue_x: Fraction, blue_y: Fraction, white_point_x: Fraction, white_point_y: Fraction, min_luminance: Fraction, max_luminance: Fraction });
const Light = z.object({ max_content: z.number(), max_average: z.number() });

const masteringName = 'Mastering display metadata';
const lightName = 'Content light level metadata';

/** Out of the side data of a frame or stream. What cannot be read counts as missing. */
export function hdrOf(sideData: readonly FrameSideData[]): Hdr {
  const find = <T>(name: string, schema: z.ZodType<T>): T | null => {
    for (const entry of sideData) {
      const parsed = entry.side_data_type === name ? schema.safeParse(entry) : null;
      if (parsed?.success) return parsed.data;
    }
    return null;
  };
  const [mastering, light] = [find(masteringName, Mastering), find(lightName, Light)];
  const place = (x: number, y: number): readonly [number, number] => [Math.round(x * 50_000), Math.round(y * 50_000)];
  return {
    mastering: mastering && {
      red: place(mastering.red_x, mastering.red_y),
      green: place(mastering.green_x, mastering.green_y),
      blue: place(mastering.blue_x, mastering.blue_y),
      white: place(mastering.white_point_x, mastering.white_point_y),
      luminance: [Math.round(mastering.max_luminance * 10_000), Math.round(mastering.min_luminance * 10_000)],
    },
    light: light && { content: light.max_content, average: light.max_average },
  };
}

/** For `-x265-params`. */
export function hdrParameters({ mastering, light }: Hdr): string[] {
  const pair = ([a, b]: readonly [number, number]): string => `(${a},${b})`;
  return [
    ...(mastering ? [`master-display=G${pair(mastering.green)}B${pair(mastering.blue)}R${pair(mastering.red)}WP${pair(mastering.white)}L${pair(mastering.luminance)}`] : []),
    ...(light ? [`max-cll=${light.content},${light.average}`] : []),
  ];
}

/**
 * Side data of frames that is either carried over (by x265 or by the container) or speaks of the old coding alone. Anything else – dynamic
 * HDR, captions, stereo, time codes in the stream – would be lost.
 */
const carried = new Set([masteringName, lightName, 'H.26[45] User Data Unregistered SEI message', 'Display Matrix', '3x3 displaymatrix', 'ICC profile', 'Encoding video properties', 'Video encoding parameters', 'CPB properties']);

/** The first kind of side data that an encode would lose; null when there is none. */
export const lostSideData = (sideData: readonly FrameSideData[]): string | null => sideData.find(({ side_data_type: type }) => !carried.has(type))?.side_data_type ?? null;
