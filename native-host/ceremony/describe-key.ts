import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import type { KeyFacts } from './key-facts.ts';

/** What getInfo tells of a key, as the machine needs it. Source: CTAP 2.2 §6.4, "option IDs". */
export function describeKey(info: AuthenticatorInfo): KeyFacts {
  const { options } = info;
  return {
    hasSelection: isCtap21(info),
    pin: options.clientPin === undefined ? 'unsupported' : options.clientPin ? 'set' : 'notSet',
    uv: options.uv === undefined ? 'unsupported' : options.uv ? 'ready' : 'notConfigured',
    uvByToken: options.pinUvAuthToken === true,
    canMakeResidentKey: options.rk === true,
    makeCredUvNotRqd: options.makeCredUvNotRqd === true,
    alwaysUv: options.alwaysUv === true,
    noMcGaPermissionsWithClientPin: options.noMcGaPermissionsWithClientPin === true,
    forcePinChange: info.forcePINChange,
    minPinLength: info.minPINLength,
    algorithms: info.algorithms,
    lists: {
      maxCount: info.maxCredentialCountInList,
      maxIdLength: info.maxCredentialIdLength,
      maxMessageSize: info.maxMsgSize,
    },
  };
}

/** The key speaks CTAP 2.1 or a later version; `FIDO_2_1_PRE` does not count. */
export function isCtap21({ versions }: Pick<AuthenticatorInfo, 'versions'>): boolean {
  return versions.some((version) => /^FIDO_2_[1-9]\d*$/.test(version));
}
