/** What is used of it: TypeScript declares it for browsers only. */
declare namespace WebAssembly {
  const Module: new (bytes: Uint8Array) => object;
  class Instance {
    constructor(module: object);
    readonly exports: object;
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    /** By pages of 64 KiB; views of the old buffer are of no use afterwards. */
    grow(pages: number): number;
  }
}
