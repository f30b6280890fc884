import { describe, expect, it } from 'vitest';

import { checkText } from '../../../../extension/ui/components/check-text.ts';
import { CHECKS } from '../../../../shared/verifier/checks.ts';

describe('checkText', () => {
  it.each(Object.keys(CHECKS))('has words for %s', (id) => {
    expect(checkText(id)).not.toBe('check_other');
  });

  it('tells the checks of one structure apart', () => {
    expect(checkText('clientData.origin')).toBe('check_origin');
    expect(checkText('clientData.form')).toBe('check_form');
    expect(checkText('attestation.packed.signature')).toBe('check_attestation');
    expect(checkText('credential.signature')).toBe('check_signature');
  });

  it.each(['', 'credential', 'of.another.version', 'constructor', '.'])('says something general about %j', (id) => {
    expect(checkText(id)).toBe('check_other');
  });
});
