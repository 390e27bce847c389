import { JetStreamApiError, type ConsumerInfo, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import { isMissing } from '../connection/broker-errors';
import { advisoryDefinition, consumerDefinition, type ConsumerDefinition, type Intake } from './consumers';
import { streamDefinitions, type StreamDefinition } from './streams';

/**
 * Makes the broker have every stream and consumer, or changes those that differ. Any number of processes may do so at once:
 * the server treats a second, identical creation as success, and changes are idempotent.
 */
export async function provision(manager: JetStreamManager, intakes: readonly Intake[]): Promise<void> {
  for (const definition of streamDefinitions) await provideStream(manager, definition);
  const wanted = intakes.flatMap((intake) => [consumerDefinition(intake), advisoryDefinition(intake)]);
  const present = new Map<string, ConsumerInfo>();
  for (const stream of new Set(wanted.map((definition) => definition.stream))) {
    for await (const info of manager.consumers.list(stream)) present.set(`${stream}/${info.name}`, info);
  }
  for (const definition of wanted) {
    const info = present.get(`${definition.stream}/${definition.config.durable_name}`);
    if (!info || differs(definition.config, info.config)) await provideConsumer(manager, definition, info);
  }
}

async function provideStream(manager: JetStreamManager, definition: StreamDefinition): Promise<void> {
  const info = await streamInfo(manager, definition.name);
  if (info && !differs(definition, info.config)) return;
  if (!info) {
    try {
      await manager.streams.add(definition);
      return;
    } catch (thrown) {
      // 10058: another process was faster, with other settings than ours
      if (!(thrown instanceof JetStreamApiError) || thrown.code !== 10058) throw thrown;
    }
  }
  await manager.streams.update(definition.name, definition);
}

async function streamInfo(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (thrown) {
    if (thrown instanceof JetStreamApiError && isMissing(thrown)) return undefined;
    throw thrown;
  }
}

async function provideConsumer(manager: JetStreamManager, { stream, config }: ConsumerDefinition, present: ConsumerInfo | undefined): Promise<void> {
  if (!present) {
    try {
      await manager.consumers.add(stream, config);
      return;
    } catch (thrown) {
      // 10013, 10105, 10148: it is there by now, with other settings (which of them, depends on the server's version)
      if (!(thrown instanceof JetStreamApiError) || ![10013, 10105, 10148].includes(thrown.code)) throw thrown;
    }
  }
  await manager.consumers.update(stream, config.durable_name, config);
}

/** Whether one of the wanted settings is another on the server (which knows many more than we name). */
export function differs(wanted: object, present: object): boolean {
  const settings = new Map<string, unknown>(Object.entries(present));
  return Object.entries(wanted).some(([key, value]) => JSON.stringify(settings.get(key)) !== JSON.stringify(value));
}
