import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { Ctx, EventPattern, Payload as PayloadParameter } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import type { Outcome, Payload, Subject } from '@media-pipeline/contracts';
import type { MessageContext } from './message-context';

/** Nest's default filter replaces what a handler throws by "Internal server error"; the bus needs the error itself. */
@Catch()
export class RethrowFilter implements RpcExceptionFilter {
  catch(thrown: unknown): Observable<never> {
    return throwError(() => thrown);
  }
}

export interface HandleOptions {
  /** Which consumer, where the stage has several on the subject. */
  readonly durable?: string;
}

/** What {@link Handle} leaves with Nest for the transport strategy. */
export interface HandleExtras extends HandleOptions {
  readonly subject: Subject;
}

/**
 * Marks the method of a controller that acts on a subject: `(payload, context) => Promise<Outcome>`. It is called with a
 * valid payload; what it throws is judged by libs/bus (see verdict.ts). The catalogue says how it is consumed.
 */
export const Handle =
  <S extends Subject>(subject: S, options: HandleOptions = {}) =>
  <M extends (payload: Payload<S>, context: MessageContext) => Promise<Outcome>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void => {
    const extras: HandleExtras = { subject, ...options };
    // Nest knows a handler by its pattern: two consumers of one subject need one each.
    EventPattern(options.durable === undefined ? subject : `${subject} ${options.durable}`, extras)(target, key, descriptor);
    UseFilters(new RethrowFilter())(target, key, descriptor);
    PayloadParameter()(target, key, 0);
    Ctx()(target, key, 1);
  };
