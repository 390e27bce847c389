import type { Answer } from '../http/answer';
import { endpointsFor } from '../endpoints';
import { freshDocument } from '../session/document';
import { readAccount } from './account-login';
import { authHeaders } from './headers';
import { readComplete, readInit } from './password';
import { codeRequest, deviceCodeRequest, readAsked, readChecked, readRoutes, sixDigits } from './second-factor';
import { readPcs, readWebAccess } from './web-access';

const answer = (status: number, json?: unknown, headers: Record<string, string> = {}, text = json === undefined ? '' : JSON.stringify(json)): Answer => ({ status, json, headers, text, setCookies: [] });
const endpoints = endpointsFor('global');
const session = { ...freshDocument('jane@example.com'), scnt: 'newest', sessionId: 'id' };
const refusal = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};
const errors = (...codes: string[]): object => ({ service_errors: codes.map((code) => ({ code })) });

it('sends the identity service what its page sends, with the latest tokens', () => {
  expect(authHeaders(endpoints, session, 'page')).toMatchObject({
    origin: 'https://www.icloud.com',
    scnt: 'newest',
    'x-apple-id-session-id': 'id',
    'x-apple-oauth-client-type': 'firstPartyAuth',
    'x-apple-oauth-redirect-uri': 'https://www.icloud.com',
    'x-apple-oauth-require-grant-code': 'true',
    'x-apple-oauth-response-mode': 'web_message',
    'x-apple-oauth-response-type': 'code',
    'x-apple-oauth-state': expect.stringMatching(/^auth-[-0-9a-f]{36}$/),
    'x-apple-widget-key': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(authHeaders(endpointsFor('china'), session, 'frame')).toMatchObject({ origin: 'https://idmsa.apple.com.cn', 'x-apple-oauth-redirect-uri': 'https://www.icloud.com.cn' });
  expect(Object.keys(authHeaders(endpoints, freshDocument('x'), 'page'))).not.toContain('scnt');
});

it('asks for a code without a body, and gives it where it came from', () => {
  expect(deviceCodeRequest(endpoints, session)).not.toHaveProperty('body');
  expect(deviceCodeRequest(endpoints, session).headers).not.toHaveProperty('content-type');
  const pending = { since: 0, expiresAt: 1, wrongTries: 0, phones: [{ id: 3, number: '•• 42', nonFTEU: true }] };
  expect(codeRequest(endpoints, session, { ...pending, via: 'trusted_device', phoneId: null }, '123456')).toMatchObject({
    url: 'https://idmsa.apple.com/appleauth/auth/verify/trusteddevice/securitycode',
    body: '{"securityCode":{"code":"123456"}}',
  });
  expect(codeRequest(endpoints, session, { ...pending, via: 'sms', phoneId: 3 }, '123456')).toMatchObject({
    url: 'https://idmsa.apple.com/appleauth/auth/verify/phone/securitycode',
    body: '{"phoneNumber":{"id":3,"nonFTEU":true},"securityCode":{"code":"123456"},"mode":"sms"}',
  });
});

it.each([
  [answer(204), 'right'],
  [answer(200, {}), 'right'],
  [answer(409, { securityCode: { valid: true } }), 'right'],
  [answer(409, {}, { 'x-apple-session-token': 'new' }), 'right'],
  [answer(409, {}), 'wrong'],
  [answer(409, { securityCode: { valid: false } }, { 'x-apple-session-token': 'old' }), 'wrong'],
  [answer(401, errors('-21669'), { 'x-apple-session-token': 'old' }), 'wrong'],
  [answer(400, errors('-21669')), 'wrong'],
  [answer(200, errors('-21669')), 'wrong'],
  [answer(400), 'wrong'],
  [answer(401), 'gone'],
  [answer(404), 'gone'],
  [answer(421), 'gone'],
  [answer(423, { securityCode: { securityCodeLocked: true } }), 'too_many'],
  [answer(200, { securityCode: { tooManyCodesValidated: true } }), 'too_many'],
])('a code that was given (%#)', (given, expected) => {
  expect(readChecked(given)).toBe(expected);
});

it.each([
  [answer(202), 'asked'],
  [answer(200, { securityCode: { tooManyCodesSent: true } }), 'asked'],
  [answer(409, {}), 'asked'],
  [answer(423, { securityCode: { tooManyCodesSent: true } }), 'too_many'],
  [answer(409, { serviceErrors: [{ code: '-28248' }] }), 'too_many'],
  [answer(401), 'stale'],
  [answer(400), 'refused'],
])('a code that was asked for (%#)', (given, expected) => {
  expect(readAsked(given)).toBe(expected);
});

describe('where a code can go', () => {
  const phone = { id: 1, obfuscatedNumber: '(•••) •••-••81', numberWithDialCode: '+1 (•••) •••-••81' };
  const verification = { phoneNumberVerification: { trustedPhoneNumbers: [phone] } };
  const page = (json: unknown): string => `<html><script>var x = "{}";</script>\n<script type="application/json" class="boot_args">\n${JSON.stringify(json)}\n</script></html>`;

  it.each([
    ['JSON', answer(200, { trustedPhoneNumbers: [phone] })],
    ['nested JSON', answer(200, verification)],
    ['the page', answer(200, undefined, {}, page({ direct: { twoSV: verification } }))],
    ['the page since iOS 26.4', answer(200, undefined, {}, page({ direct: { twoSV: { bridgeInitiateData: verification } } }))],
    ['one number only', answer(200, { phoneNumberVerification: { trustedPhoneNumber: phone } })],
  ])('is read from %s', (_, given) => {
    expect(readRoutes(given).phones).toEqual([{ id: 1, number: '(•••) •••-••81' }]);
  });

  it.each([answer(500), answer(200, undefined, {}, '<html>'), answer(200, undefined, {}, page('x').replace('"x"', '{')), answer(200, [1, null])])('is nowhere when that cannot be read (%#)', (given) => {
    expect(readRoutes(given).phones).toEqual([]);
  });

  it('never shows a whole number', () => {
    const { phones } = readRoutes(answer(200, { trustedPhoneNumbers: [{ id: 1, numberWithDialCode: '+49 151 5550181' }, { id: 2, lastTwoDigits: '42' }, { id: 'x' }] }));
    expect(phones).toEqual([
      { id: 1, number: '+•• ••• •••••81' },
      { id: 2, number: '•• 42' },
    ]);
  });
});

it.each([
  ['123456', '123456'],
  [' 123 456 ', '123456'],
  ['123-456', '123456'],
  ['12345', null],
  ['1234567', null],
  ['١٢٣٤٥٦', null],
  ['12345a', null],
])('six digits of %p', (typed, digits) => {
  expect(sixDigits(typed)).toBe(digits);
});

it.each([
  [answer(200, {}), 'trusted'],
  [answer(409, { authType: 'hsa2' }), 'second_factor'],
  [answer(409, {}, { 'x-apple-edp': '1' }), 'escrow'],
  [answer(412), 'repair'],
  [answer(401), 'wrong_password'],
  [answer(403, { serviceErrors: [{ code: '-20101' }] }), 'wrong_password'],
  [answer(200, {}, { 'x-apple-i-rscd': '401' }), 'stale_context'],
  [answer(421), 'stale_context'],
  [answer(409, { keyNames: ['YubiKey'] }), 'ICLOUD_SECURITY_KEYS'],
  [answer(409, { fsaChallenge: { challenge: 'x' } }), 'ICLOUD_SECURITY_KEYS'],
  [answer(409, { fsaChallenge: null, keyNames: [] }), 'second_factor'],
  [answer(403, { serviceErrors: [{ code: '-20209' }] }), 'ICLOUD_ACCOUNT_LOCKED'],
  [answer(403), 'ICLOUD_ANSWER_UNKNOWN'],
  [answer(400), 'ICLOUD_ANSWER_UNKNOWN'],
])('what a proof came to (%#)', (given, expected) => {
  expect(refusal(() => readComplete(given))).toBe(expected);
});

it.each([
  [answer(401), 'stale_context'],
  [answer(200, { salt: 'c2FsdA==', b: 'Yg==', c: { any: 1 }, iteration: 20_000, protocol: 's2k' }), { salt: Buffer.from('salt'), serverPublic: Buffer.from('b'), c: { any: 1 }, iterations: 20_000, protocol: 's2k' }],
  [answer(200, { salt: 'c2FsdA==', b: 'Yg==', iteration: 20_000, protocol: 'plain' }), 'ICLOUD_ANSWER_UNKNOWN'],
  [answer(200, undefined, {}, '<html>'), 'ICLOUD_ANSWER_UNKNOWN'],
  [answer(200, { serviceErrors: [{ code: '-20209' }] }), 'ICLOUD_ACCOUNT_LOCKED'],
])('how a sign-in began (%#)', (given, expected) => {
  expect(refusal(() => readInit(given))).toEqual(expected);
});

describe('an account', () => {
  const whole = { dsInfo: { dsid: '123', hsaVersion: 2, isWebAccessAllowed: true }, hsaTrustedBrowser: true, webservices: { ckdatabasews: { url: 'https://p1:443', pcsRequired: true, status: 'active' }, mail: { status: 'active' }, old: { url: 'https://old', status: 'inactive' } } };
  const inside = (dsInfo: object): object => ({ ...whole, dsInfo: { ...whole.dsInfo, ...dsInfo } });

  it.each([
    [answer(200, whole), { kind: 'account', dsid: '123', services: { ckdatabasews: 'https://p1:443' }, repair: false }],
    [answer(200, { ...whole, isRepairNeeded: true }), expect.objectContaining({ kind: 'account', repair: true })],
    [answer(200, inside({ dsid: 123 })), expect.objectContaining({ dsid: '123' })],
    [answer(200, { ...whole, hsaChallengeRequired: true }), { kind: 'second_factor' }],
    [answer(200, { ...whole, hsaTrustedBrowser: false }), { kind: 'second_factor' }],
    [answer(200, { ...inside({ hsaVersion: 0 }), hsaTrustedBrowser: false }), expect.objectContaining({ kind: 'account' })],
    [answer(200, { ...whole, termsUpdateNeeded: true }), { kind: 'terms', locale: 'en_US' }],
    [answer(200, inside({ isWebAccessAllowed: false })), 'ICLOUD_WEB_ACCESS_OFF'],
    [answer(200, { domainToUse: 'iCloud.com.cn' }), 'SETTINGS_INVALID'],
    [answer(200, { hasError: true }), { kind: 'stale' }],
    [answer(200, {}), 'ICLOUD_ANSWER_UNKNOWN'],
    [answer(200, undefined, {}, '<html>'), 'ICLOUD_ANSWER_UNKNOWN'],
    [answer(421), { kind: 'misrouted' }],
    [answer(450), { kind: 'stale' }],
    [answer(400, { error: 'Invalid Session Token' }), { kind: 'stale' }],
  ])('is read (%#)', (given, expected) => {
    expect(refusal(() => readAccount(given))).toEqual(expected);
  });
});

it.each([
  [answer(200, {}), 'open'],
  [answer(200, { isICDRSDisabled: false, isDeviceConsentedForPCS: false }), 'open'],
  [answer(200, { isICDRSDisabled: true, isDeviceConsentedForPCS: false }), 'asking'],
  [answer(200, { isICDRSDisabled: true, isDeviceConsentedForPCS: true }), 'consented'],
  [answer(404), 'unknown'],
  [answer(200, { isWebAccessAllowed: false }), 'ICLOUD_WEB_ACCESS_OFF'],
])('web access (%#)', (given, expected) => {
  expect(refusal(() => readWebAccess(given))).toBe(expected);
});

it.each([
  [answer(200, { status: 'success' }), true],
  [answer(200, { status: 'failure', message: 'Requested the device to upload cookies.' }), false],
  [answer(200, { status: 'failure', message: 'Cookies not available yet on server.' }), false],
  [answer(200, {}), 'ICLOUD_ANSWER_UNKNOWN'],
])('cookies of protected data (%#)', (given, expected) => {
  expect(refusal(() => readPcs(given))).toBe(expected);
});
