/**
 * Does `work` for what `source` gives, `limit` at a time, and yields the results as they are ready. Takes no more from `source` than it can work on.
 * The first failure ends it, once what is under way has ended too.
 */
export async function* concurrently<T, R>(source: AsyncIterable<T>, limit: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]();
  const step = async (lane: number): Promise<{ readonly lane: number; readonly result: { readonly value: R } | null }> => {
    const next = await iterator.next();
    return { lane, result: next.done === true ? null : { value: await work(next.value) } };
  };
  const begin = (lane: number): ReturnType<typeof step> => {
    const running = step(lane);
    running.catch(() => undefined); // seen by the race below, which may be long in coming
    return running;
  };
  const lanes = new Map(Array.from({ length: limit }, (_, lane) => [lane, begin(lane)]));
  try {
    while (lanes.size > 0) {
      const { lane, result } = await Promise.race(lanes.values());
      if (result === null) {
        lanes.delete(lane);
        continue;
      }
      lanes.set(lane, begin(lane));
      yield result.value;
    }
  } finally {
    await Promise.allSettled(lanes.values());
    await iterator.return?.();
  }
}

/** Up to `size` items at a time. */
export async function* inBatches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Asks for the next item while the one before is being worked on. */
export async function* inAdvance<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const asked = iterator.next();
    asked.catch(() => undefined); // seen when its turn comes
    return asked;
  };
  let next = ask();
  try {
    for (;;) {
      const current = await next;
      if (current.done === true) return;
      next = ask();
      yield current.value;
    }
  } finally {
    await next.catch(() => undefined);
    await iterator.return?.();
  }
}
