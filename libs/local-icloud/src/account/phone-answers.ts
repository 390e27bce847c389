import type { SignInContext } from './contexts';
import type { LocalAccount } from './local-account';
import type { TrustedPhone } from './settings';

/** A phone as idmsa names it, all but the last two digits hidden. */
export function phoneAnswer({ id, number }: TrustedPhone): object {
  const last = number.slice(-2);
  return {
    id,
    numberWithDialCode: `+1 (•••) •••-••${last}`,
    obfuscatedNumber: `(•••) •••-••${last}`,
    lastTwoDigits: last,
    pushMode: 'sms',
    nonFTEU: false,
  };
}

/** The JSON of GET /auth and of the answers about codes. */
export function challengeAnswer(account: LocalAccount, context: SignInContext): object {
  const phones = account.phones.map(phoneAnswer);
  const securityCode = {
    length: 6,
    tooManyCodesSent: context.codesSent >= account.codesSentLimit,
    tooManyCodesValidated: context.wrongCodes >= account.wrongCodeLimit,
    securityCodeLocked: context.wrongCodes >= account.wrongCodeLimit,
    securityCodeCooldown: false,
  };
  return {
    trustedPhoneNumbers: phones,
    ...(phones[0] === undefined ? {} : { trustedPhoneNumber: phones[0] }),
    trustedDeviceCount: account.trustedDevices,
    noTrustedDevices: account.trustedDevices === 0,
    otherTrustedDeviceClass: 'iPhone',
    securityCode,
    phoneNumberVerification: { trustedPhoneNumbers: phones, securityCode, authenticationType: 'hsa2', hsa2Account: true },
    authenticationType: 'hsa2',
    authType: 'hsa2',
    hsa2Account: true,
    managedAccount: false,
    supportsRecovery: true,
  };
}

/** The HTML of GET /auth: a JSON block of class `boot_args`, where the phones stand depends on the page's age (`authPage`). */
export function signInPage(account: LocalAccount, context: SignInContext): string {
  const phones = account.phones.map(phoneAnswer);
  const verification = { trustedPhoneNumbers: phones, ...(phones[0] === undefined ? {} : { trustedPhoneNumber: phones[0] }), authenticationType: 'hsa2', hsa2Account: true };
  const factors = account.trustedDevices > 0 ? ['web_piggybacking', 'sms', 'generatedcode'] : ['sms'];
  const twoSV = account.authPage === 'classic'
    ? { supportedPushModes: ['voice', 'sms'], phoneNumberVerification: { ...verification, securityCode: { length: 6 } }, authFactors: factors }
    : { supportedPushModes: ['voice', 'sms'], authFactors: factors, sourceAppId: 1159, bridgeInitiateData: { apnsTopic: 'com.apple.idmsauthwidget', apnsEnvironment: 'prod', phoneNumberVerification: verification } };
  const direct = { module: 'widget/auth/components/hsa2/hsa2', authUserType: 'hsa2', hasTrustedDevices: account.trustedDevices > 0, authInitialRoute: 'auth/verify/phone', twoSV, wrongCodes: context.wrongCodes };
  const json = JSON.stringify({ direct }).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html>\n<html><head><title>Two-Factor Authentication</title></head><body>\n<script type="application/json" class="boot_args">${json}</script>\n</body></html>\n`;
}
