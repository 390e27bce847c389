import { BaseRpcContext } from '@nestjs/microservices';

/** What a handler may know of the message that it works on. */
export class MessageContext extends BaseRpcContext<[]> {
  constructor(
    readonly subject: string,
    /** The message's number in the stream. */
    readonly sequence: number,
    /** Which delivery of the message this is, counted from 1. */
    readonly attempt: number,
    /**
     * Fires when the stage is asked to stop. A handler that ends before the grace period is over is settled as usual; what
     * is still unfinished then goes back and is delivered to somebody else, so it must not do anything irrevocable later.
     */
    readonly signal: AbortSignal,
    private readonly reporter: (label: string, fraction?: number) => void,
  ) {
    super([]);
  }

  /** Says what is being worked on (a file's name) and how far it is (0..1). Cheap; shown only for work that takes a while. */
  report(label: string, fraction?: number): void {
    this.reporter(label, fraction);
  }
}
