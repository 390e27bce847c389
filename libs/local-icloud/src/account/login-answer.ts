import type { LocalAccount } from './local-account';

/** What accountLogin and validate answer: the account, the hosts of its services, and how far it is trusted. */
export function loginAnswer(account: LocalAccount, origin: string, state: { trusted: boolean; challenge: boolean; extended: boolean }): object {
  const terms = account.termsPending && !state.challenge ? { termsUpdateNeeded: true, isRepairNeeded: true } : { termsUpdateNeeded: false, isRepairNeeded: false };
  return {
    ...terms,
    dsInfo: dsInfo(account),
    hasMinimumDeviceForPhotosWeb: true,
    iCDPEnabled: account.advancedDataProtection,
    webservices: webservices(origin),
    pcsEnabled: true,
    configBag: { urls: { accountLogin: `${origin}/setup/ws/1/accountLogin`, getICloudTerms: `${origin}/setup/ws/1/getTerms`, repairDone: `${origin}/setup/ws/1/repairDone` }, accountCreateEnabled: true },
    hsaTrustedBrowser: state.trusted,
    hsaChallengeRequired: state.challenge,
    appsOrder: ['mail', 'contacts', 'calendar', 'photos', 'iclouddrive', 'notes3', 'reminders', 'find', 'settings'],
    version: 2,
    isExtendedLogin: state.extended,
    pcsServiceIdentitiesIncluded: false,
    requestInfo: requestInfo(),
    pcsDeleted: false,
    iCloudInfo: { SafariBookmarksHasMigratedToCloudKit: true },
    apps: { photos: {}, iclouddrive: {}, find: { canLaunchWithOneFactor: true }, settings: { canLaunchWithOneFactor: true } },
  };
}

export function requestInfo(): object {
  return { country: 'US', timeZone: 'EST', region: 'NC' };
}

function dsInfo(account: LocalAccount): object {
  const [first = 'Anna'] = account.username.split('@');
  return {
    dsid: account.dsid,
    appleId: account.username,
    primaryEmail: account.username,
    primaryEmailVerified: true,
    appleIdEntries: [{ isPrimary: true, type: 'EMAIL', value: account.username }],
    appleIdAliases: [],
    appleIdAlias: '',
    iCloudAppleIdAlias: '',
    firstName: first,
    lastName: 'Doe',
    fullName: `${first} Doe`,
    countryCode: account.country,
    languageCode: 'en-us',
    locale: 'en-us_US',
    hsaVersion: account.secondFactor ? 2 : 0,
    hsaEnabled: account.secondFactor,
    hasICloudQualifyingDevice: account.trustedDevices > 0,
    isWebAccessAllowed: !account.webAccessOff,
    isManagedAppleID: false,
    iCDPEnabled: account.advancedDataProtection,
    ICDRSCapableDeviceCount: 0,
    ICDRSCapableDeviceList: '',
    locked: account.locked,
    statusCode: 2,
    pcsDeleted: false,
    brMigrated: true,
    notesMigrated: true,
    ironcadeMigrated: true,
    tantorMigrated: true,
    isPaidDeveloper: false,
    hasPaymentInfo: true,
    familyEligible: true,
    analyticsOptInStatus: false,
    beneficiaryInfo: { isBeneficiary: false },
    notificationId: '12341234-1234-12341234-1234',
    aDsID: '123456-12-12345678-1234-1234-1234-123456789012',
  };
}

/** Apple gives every service a host of its own; here all are this one. `pcsRequired` is true on ordinary accounts too. */
function webservices(origin: string): object {
  const active = { url: origin, status: 'active' };
  const encrypted = { pcsRequired: true, ...active };
  return {
    account: { ...active, iCloudEnv: { shortId: 'p', vipSuffix: 'prod' } },
    ckdatabasews: encrypted,
    ckdeviceservice: { url: origin },
    cksharews: active,
    docws: encrypted,
    drivews: encrypted,
    findme: active,
    keyvalue: active,
    photos: { ...encrypted, uploadUrl: origin },
    photosupload: encrypted,
    push: active,
    schoolwork: {},
    settings: active,
    sharedlibrary: active,
    sharedstreams: active,
    uploadimagews: active,
  };
}
