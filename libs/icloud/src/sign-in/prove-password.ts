import { PipelineError } from '@media-pipeline/contracts';
import { describe } from '../http/answer';
import { completeRequest, initRequest, readComplete, readInit, repairRequest } from './password';
import { createEphemeral, derivePassword, prove, type Proof } from './srp';
import type { PasswordChallenge } from './password';
import type { Wire } from './wire';

/**
 * Proves the password to Apple. What was kept of an earlier session may be refused: then it is tried once more from nothing.
 * @param beforeProof called before each proof is sent: it counts, whatever becomes of it
 * @throws ICLOUD_PASSWORD_WRONG, ICLOUD_SECURITY_KEYS, ICLOUD_ACCOUNT_LOCKED, ICLOUD_ANSWER_UNKNOWN, what `beforeProof` throws
 */
export async function provePassword(wire: Wire, password: string, beforeProof: () => Promise<void>): Promise<'trusted' | 'second_factor'> {
  const outcome = await tryOnce(wire, password, beforeProof);
  if (outcome !== 'stale_context') return outcome;
  await wire.forgetContext();
  const again = await tryOnce(wire, password, beforeProof);
  if (again === 'stale_context') throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'Apple does not begin a sign-in, not even without what was kept of the last one');
  return again;
}

async function tryOnce(wire: Wire, password: string, beforeProof: () => Promise<void>): Promise<'trusted' | 'second_factor' | 'stale_context'> {
  const ephemeral = createEphemeral();
  const began = await wire.send('beginning to sign in', (endpoints, session) => initRequest(endpoints, session, ephemeral));
  const challenge = readInit(began.answer);
  if (challenge === 'stale_context') return challenge;
  const proof = await proofFor(wire.document.username, password, ephemeral, challenge);

  await beforeProof();
  // Apple forgets the challenge once it has seen a proof: a second one would look like a wrong password.
  const { answer, tries } = await wire.send('proving the password', (endpoints, session) => completeRequest(endpoints, session, challenge, proof), 'if_refused');
  const completed = readComplete(answer);
  switch (completed) {
    case 'trusted':
    case 'second_factor':
    case 'stale_context':
      return completed;
    case 'repair':
      return await repair(wire);
    case 'wrong_password':
      if (tries > 1) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'Apple was too busy for the first proof and refused the second: that says nothing about the password');
      throw new PipelineError('ICLOUD_PASSWORD_WRONG', 'Apple does not accept this user name and password');
  }
}

async function proofFor(username: string, password: string, ephemeral: ReturnType<typeof createEphemeral>, challenge: PasswordChallenge): Promise<Proof> {
  const { salt, serverPublic, protocol, iterations } = challenge;
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
