// node --expose-gc --require collect-garbage.cjs: what is left after this is not garbage.
setInterval(() => globalThis.gc(), 4_000).unref();
