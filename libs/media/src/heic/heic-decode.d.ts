declare module 'heic-decode' {
  /** RGBA, upright. Throws for bytes that libheif cannot decode. */
  export default function decode(input: { readonly buffer: Uint8Array }): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8ClampedArray }>;
}
