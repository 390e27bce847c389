import { randomUUID } from 'node:crypto';

/** CloudKit Web Services' error codes with their HTTP status (Apple's CloudKit Web Services Reference, "Error Codes"). */
const statuses = {
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  ZONE_NOT_FOUND: 404,
  INTERNAL_ERROR: 500,
  // the photo service gives these inside HTTP 200, as clients report
  RETRY_LATER: 200,
  TRY_AGAIN_LATER: 200,
  CAS_OP_LOCK: 200,
  THROTTLED: 200,
} as const;

export type RefusalCode = keyof typeof statuses;

/** A request that is refused as a whole. */
export class CloudKitRefusal extends Error {
  readonly statusCode: number;

  constructor(
    readonly code: RefusalCode,
    readonly reason: string,
  ) {
    super(reason);
    this.statusCode = statuses[code];
  }

  /** The body, as users of public clients have posted it. */
  body(): object {
    return { uuid: randomUUID(), serverErrorCode: this.code, reason: this.reason, errorClass: this.code, error: this.code };
  }
}

export const badRequest = (reason: string) => new CloudKitRefusal('BAD_REQUEST', `BadRequestException: ${reason}`);
export const missing = (field: string) => badRequest(`missing required field '${field}'`);
export const noZone = (name: string) => new CloudKitRefusal('ZONE_NOT_FOUND', `Zone '${name}' does not exist`);
