/** What may be asked of a link. */
import { describe, expect, it } from '@jest/globals';
import { parseLinkFault } from '../../local/links/link-fault.ts';

describe('a link fault', () => {
  it('takes a share of losses, in both directions by default', () => {
    expect(parseLinkFault({ lossRatio: 0.3 })).toMatchObject({ direction: 'both', lossRatio: 0.3, cut: false });
  });

  it.each([-0.1, 1.1, Number.NaN, '0.3'])('refuses %p as a share, and says what is allowed', (lossRatio) => {
    expect(() => parseLinkFault({ lossRatio })).toThrow(/Not a share in lossRatio: .*Allowed: a number from 0 to 1/);
  });

  it('refuses a fault that does nothing', () => {
    expect(() => parseLinkFault({ lossRatio: 0 })).toThrow(/does nothing/);
  });
});
