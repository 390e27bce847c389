import 'reflect-metadata';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Outcome, Payload, StageName, Subject } from '@media-pipeline/contracts';
import type { Bus } from '../bus';
import { DeadLetterListener, type DeadMessage } from '../dead-letters/dead-letter-listener';
import { Handle } from '../receive/handle';
import type { MessageContext } from '../receive/message-context';
import { JetStreamStrategy, type StrategyOptions } from '../receive/strategy';

/** Remembers what it was told. */
export class RememberedLetters extends DeadLetterListener {
  readonly letters: DeadMessage[] = [];
  override dead(letter: DeadMessage): Promise<void> {
    this.letters.push(letter);
    return Promise.resolve();
  }
}

export interface StageSketch<S extends Subject> {
  readonly bus: Bus;
  readonly stage: StageName;
  readonly subject: S;
  readonly handle: (payload: Payload<S>, context: MessageContext) => Promise<Outcome>;
  readonly options?: Partial<Pick<StrategyOptions, 'lanes' | 'drainMs' | 'deadLetterListener' | 'metrics' | 'logger'>>;
}

/** A real Nest microservice with one handler. */
export async function listen<S extends Subject>({ bus, stage, subject, handle, options = {} }: StageSketch<S>): Promise<INestMicroservice> {
  class StageController {
    on(payload: Payload<S>, context: MessageContext): Promise<Outcome> {
      return handle(payload, context);
    }
  }
  const method = Object.getOwnPropertyDescriptor(StageController.prototype, 'on') as TypedPropertyDescriptor<StageController['on']>;
  Handle(subject)(StageController.prototype, 'on', method);
  Controller()(StageController);
  class StageModule {}
  Module({ controllers: [StageController] })(StageModule);
  const strategy = new JetStreamStrategy({ bus, stage, drainMs: 5_000, deadLetterListener: new RememberedLetters(), ...options });
  const app = await NestFactory.createMicroservice(StageModule, { strategy, logger: false, abortOnError: false });
  await app.listen();
  return app;
}
