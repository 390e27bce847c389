import { errors as natsErrors } from '@nats-io/transport-node';
import { JetStreamApiError } from '@nats-io/jetstream';
import { PipelineError } from '@media-pipeline/contracts';

/**
 * JetStream's own error codes (nats-server, server/errors.json): the store refuses to take more.
 * 10023 insufficient resources · 10047 insufficient storage · 10077 a stream's own limit with `discard: new`.
 */
const fullCodes: readonly number[] = [10023, 10047, 10077];
/** 10014 consumer not found · 10059 stream not found · 10008 JetStream is recovering or has no leader yet. */
const missingCodes: readonly number[] = [10014, 10059];
const recoveringCodes: readonly number[] = [10008];

/** 10037 no message found · 10043 sequence not found (the code of a deletion that finds nothing) · 10057 deletion failed, the same on 2.9. */
const goneCodes: readonly number[] = [10037, 10043, 10057];
/** The one message that was asked for is not stored any more. */
export const isGone = (thrown: unknown): boolean => thrown instanceof JetStreamApiError && goneCodes.includes(thrown.code);

const isUnheard = (thrown: unknown): boolean => thrown instanceof natsErrors.RequestError && thrown.isNoResponders();

/** Nobody listens on the subject: the stream or consumer is not there (its store was lost), or JetStream is off. */
export const isMissing = (thrown: unknown): boolean =>
  isUnheard(thrown) ||
  (thrown instanceof Error && isUnheard(thrown.cause)) || // the client wraps it as "jetstream is not enabled"
  (thrown instanceof JetStreamApiError && missingCodes.includes(thrown.code));

/** True when the same request may pass a moment later: the connection broke, the answer did not come, the server recovers. */
export const isTransient = (thrown: unknown): boolean =>
  isMissing(thrown) ||
  thrown instanceof ConnectionLost ||
  thrown instanceof natsErrors.TimeoutError ||
  thrown instanceof natsErrors.RequestError ||
  thrown instanceof natsErrors.ConnectionError ||
  (thrown instanceof JetStreamApiError && recoveringCodes.includes(thrown.code));

/** The connection broke while an answer was outstanding: nobody knows whether the request was carried out. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The {@link PipelineError} for anything that the client library throws. */
export function toBrokerError(thrown: unknown, doing: string): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof JetStreamApiError && fullCodes.includes(thrown.code)) {
    return new PipelineError('BROKER_FULL', `${doing}: the broker takes no more (${thrown.code} ${message})`, { cause: thrown });
  }
  if (thrown instanceof natsErrors.InvalidArgumentError || thrown instanceof natsErrors.InvalidSubjectError) {
    return new PipelineError('INVALID_MESSAGE', `${doing}: ${message}`, { cause: thrown });
  }
  return new PipelineError('BROKER_UNAVAILABLE', `${doing}: ${message}`, { cause: thrown });
}
