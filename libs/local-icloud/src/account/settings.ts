/** A phone that gets verification codes by SMS. */
export interface TrustedPhone {
  readonly id: number;
  /** Digits as dialled, for example `+15550100181`. */
  readonly number: string;
}

/**
 * The account as Apple keeps it. Every field can be changed while the server runs, as a person changes it on the phone.
 * Times are milliseconds of the server's clock.
 */
export interface AccountSettings {
  username: string;
  password: string;
  dsid: string;
  /** Three letters, as `X-Apple-ID-Account-Country` carries them. */
  country: string;
  region: 'global' | 'china';
  /** How the password is stretched: `s2k_fo` hashes the hex text of its SHA-256. */
  protocol: 's2k' | 's2k_fo';
  iterations: number;
  /**
   * Whether leading zero bytes of A and S are stripped (icloudpd's and pyicloud's SRP library) or kept (the API description of
   * icloud-photos-sync, from Apple's own script) where they are hashed for M1 and K. Public sources disagree; one sign-in in about 100 is touched.
   */
  srpBytes: 'stripped' | 'padded';
  /** The server's secret exponent, so that a test can force a short B. Null: random. */
  srpSecret: (() => bigint) | null;
  phones: TrustedPhone[];
  trustedDevices: number;
  secondFactor: boolean;
  securityKeys: boolean;
  securityKeyNames: string[];
  locked: boolean;
  /** "Access iCloud Data on the Web" is off on the phone. */
  webAccessOff: boolean;
  /** How the photo service refuses then; both are reported. */
  webAccessRefusal: 'access_denied' | '421';
  advancedDataProtection: boolean;
  /** Whether a person has said yes on a device to access from the web. */
  pcsConsent: boolean;
  /** How many requestPCS answers are "wait" before the cookies come. */
  pcsWaits: number;
  /** Whether consent comes by itself after it was asked for. */
  pcsConsentOnAsking: boolean;
  termsPending: boolean;
  termsVersion: number;
  /** A 409 asks for a second password proof (`X-Apple-EDP`, escrow/init and escrow/complete), as since iOS 26.4 on some accounts. */
  escrow: boolean;
  /** Where GET /auth has the phones: `bridge` since iOS 26.4 (`twoSV.bridgeInitiateData`), `classic` before. */
  authPage: 'bridge' | 'classic';
  /** Whether an older scnt or X-Apple-ID-Session-Id of the same sign-in is refused. Apple seems to take some. */
  contextHeaders: 'newest' | 'any';
  /** Refuse a code or a trust request without the Origin of icloud.com. */
  originChecked: boolean;
  wrongPasswordLimit: number;
  wrongCodeLimit: number;
  /** Codes sent (pushes and SMS together) in one sign-in. */
  codesSentLimit: number;
  /** Sign-ins with the password within a window; beyond it `status` with Retry-After. */
  signInLimit: { count: number; windowMs: number; status: 429 | 503 };
  codeLifetimeMs: number;
  /** How long scnt and X-Apple-ID-Session-Id of a sign-in are known. */
  contextLifetimeMs: number;
  /** How long X-APPLE-WEBAUTH-TOKEN holds. */
  sessionLifetimeMs: number;
  /** How long dsWebAuthToken (X-Apple-Session-Token) opens an accountLogin. */
  loginTokenLifetimeMs: number;
  trustLifetimeMs: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export function defaultSettings(): AccountSettings {
  return {
    username: 'anna@example.com',
    password: 'correct horse battery staple',
    dsid: '12345678901',
    country: 'USA',
    region: 'global',
    protocol: 's2k',
    iterations: 20_064,
    srpBytes: 'stripped',
    srpSecret: null,
    phones: [
      { id: 1, number: '+15550100181' },
      { id: 2, number: '+15550100142' },
    ],
    trustedDevices: 2,
    secondFactor: true,
    securityKeys: false,
    securityKeyNames: ['YubiKey 5C'],
    locked: false,
    webAccessOff: false,
    webAccessRefusal: 'access_denied',
    advancedDataProtection: false,
    pcsConsent: false,
    pcsWaits: 2,
    pcsConsentOnAsking: false,
    termsPending: false,
    termsVersion: 628_201,
    escrow: false,
    authPage: 'bridge',
    contextHeaders: 'newest',
    originChecked: true,
    wrongPasswordLimit: 5,
    wrongCodeLimit: 5,
    codesSentLimit: 8,
    signInLimit: { count: 10, windowMs: 60 * MINUTE, status: 503 },
    codeLifetimeMs: 20 * MINUTE,
    contextLifetimeMs: DAY,
    sessionLifetimeMs: DAY,
    loginTokenLifetimeMs: 60 * DAY,
    trustLifetimeMs: 60 * DAY,
  };
}
