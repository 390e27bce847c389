/** What a DNG has that matters here (Adobe DNG 1.4): a preview as JPEG in the first directory, the raw picture in a directory below it. */
export function makeDng(preview: Buffer | null, { width, height, orientation }: { width: number; height: number; orientation: number }): Buffer {
  const [short, long] = [3, 4];
  const directory = (entries: readonly (readonly [tag: number, type: number, value: number])[]): Buffer => {
    const bytes = Buffer.alloc(2 + entries.length * 12 + 4);
    bytes.writeUInt16LE(entries.length, 0);
    for (const [index, [tag, type, value]] of entries.entries()) {
      const at = 2 + index * 12;
      bytes.writeUInt16LE(tag, at);
      bytes.writeUInt16LE(type, at + 2);
      bytes.writeUInt32LE(tag === 0xc612 ? 4 : 1, at + 4);
      bytes.writeUInt32LE(value, at + 8);
    }
    return bytes;
  };
  const build = (below: number, data: number): readonly [Buffer, Buffer] => [
    directory([
      ...([[0xfe, long, 1], [0x100, long, 320], [0x101, long, 240]] as const),
      ...(preview ? ([[0x103, short, 7], [0x111, long, data]] as const) : []),
      [0x112, short, orientation],
      ...(preview ? ([[0x117, long, preview.length]] as const) : []),
      ...([[0x14a, long, below], [0xc612, 1, 0x0401]] as const),
    ]),
    directory([[0xfe, long, 0], [0x100, long, width], [0x101, long, height], [0x103, short, 1], [0x106, short, 32803]]),
  ];
  const below = 8 + build(0, 0)[0].length;
  const data = below + build(0, 0)[1].length;
  return Buffer.concat([Buffer.from('49492a0008000000', 'hex'), ...build(below, data), preview ?? Buffer.alloc(0)]);
}
