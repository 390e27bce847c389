import { PipelineError } from '@media-pipeline/contracts';
import { describe } from '../http/answer';
import { accountName, completeRequest, escrowCompleteRequest, initRequest, readComplete, readInit, repairRequest, type PasswordChallenge, type ProofOf } from './password';
import { createEphemeral, derivePassword, prove, type Ephemeral, type Proof } from './srp';
import type { Wire } from './wire';

type Signed = 'trusted' | 'second_factor';

/**
 * Proves the password to Apple. What was kept of an earlier session may be refused: then it is tried once more from nothing.
 * @param beforeProof called before each proof is sent: it counts, whatever becomes of it
 * @throws ICLOUD_PASSWORD_WRONG, ICLOUD_SECURITY_KEYS, ICLOUD_ACCOUNT_LOCKED, ICLOUD_ANSWER_UNKNOWN, what `beforeProof` throws
 */
export async function provePassword(wire: Wire, password: string, beforeProof: () => Promise<void>): Promise<Signed> {
  const outcome = await tryOnce(wire, password, beforeProof);
  if (outcome !== 'stale_context') return outcome;
  await wire.forgetContext();
  const again = await tryOnce(wire, password, beforeProof);
  if (again === 'stale_context') throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'Apple does not begin a sign-in, not even without what was kept of the last one');
  return again;
}

async function tryOnce(wire: Wire, password: string, beforeProof: () => Promise<void>): Promise<Signed | 'stale_context'> {
  const begun = await begin(wire, 'signin', password);
  if (begun === 'stale_context') return begun;
  await beforeProof();
  // Apple forgets the challenge once it has seen a proof: a second one would look like a wrong password.
  const { answer, tries } = await wire.send('proving the password', (endpoints, session) => completeRequest(endpoints, session, begun.challenge, begun.proof), 'if_refused');
  const completed = readComplete(answer);
  switch (completed) {
    case 'trusted':
    case 'second_factor':
    case 'stale_context':
      return completed;
    case 'escrow':
      await proveAgain(wire, password);
      return 'trusted';
    case 'repair':
      return await repair(wire);
    case 'wrong_password':
      if (tries > 1) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'Apple was too busy for the first proof and refused the second: that says nothing about the password');
      throw new PipelineError('ICLOUD_PASSWORD_WRONG', 'Apple does not accept this user name and password');
  }
}

/** The second proof that some accounts ask for: after a trusted sign-in, or after a code. @throws ICLOUD_PASSWORD_MISSING, ICLOUD_ANSWER_UNKNOWN */
export async function proveAgain(wire: Wire, password: string | null): Promise<void> {
  if (password === null) throw new PipelineError('ICLOUD_PASSWORD_MISSING', 'Apple asks for the password once more after the code, and none is set');
  const begun = await begin(wire, 'escrow', password);
  if (begun === 'stale_context') throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'Apple has forgotten this sign-in before its second proof');
  const { answer } = await wire.send('proving the password again', (endpoints, session) => escrowCompleteRequest(endpoints, session, begun.challenge, begun.proof), 'if_refused');
  // A 409 here too can stand for success (as with the code); what follows would tell.
  if (answer.status > 299 && answer.status !== 409) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `proving the password again: ${describe(answer)}`);
}

interface Begun {
  readonly challenge: PasswordChallenge;
  readonly proof: Proof;
}
/** One in 64 challenges leads to a proof that public sources compute in different ways; the odds of meeting so many in a row are nil. */
const mostBeginnings = 8;

/** Gets a challenge and computes the proof for it; another challenge when sources disagree about this one. No proof is sent, so nothing counts yet. */
async function begin(wire: Wire, proofOf: ProofOf, password: string): Promise<Begun | 'stale_context'> {
  for (let beginnings = 1; ; beginnings++) {
    const ephemeral = createEphemeral();
    const { answer } = await wire.send('beginning to sign in', (endpoints, session) => initRequest(endpoints, session, proofOf, ephemeral));
    const challenge = readInit(answer);
    if (challenge === 'stale_context') return challenge;
    const proof = await proofFor(accountName(wire.document, proofOf), password, ephemeral, challenge);
    if (proof.clear || beginnings === mostBeginnings) return { challenge, proof };
  }
}

async function proofFor(username: string, password: string, ephemeral: Ephemeral, { salt, serverPublic, protocol, iterations }: PasswordChallenge): Promise<Proof> {
  try {
    return prove(ephemeral, { username, password: await derivePassword(password, protocol, salt, iterations), salt, serverPublic });
  } catch (error) {
    // A RangeError of ours: its text names no value.
    throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `beginning to sign in: ${error instanceof RangeError ? error.message : 'the challenge cannot be used'}`);
  }
}

async function repair(wire: Wire): Promise<'trusted'> {
  const { answer } = await wire.send('ending the sign-in', repairRequest);
  if (answer.status > 299) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `ending the sign-in: ${describe(answer)}`);
  return 'trusted';
}
