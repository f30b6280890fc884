"""
One assertion of the key that lies on a reader, by python3-fido2 over PC/SC: the client beside which the host is measured,
as Debian's fido2-tools know no readers.

usage: assert_card.py RP_ID CREDENTIAL_ID, the latter in hexadecimal digits. Prints the milliseconds of connecting and
asserting; with no arguments it only loads what it needs.
"""

import hashlib
import sys
import time

from fido2.ctap2 import Ctap2
from fido2.pcsc import AID_FIDO, SW_SUCCESS, CtapPcscDevice


class Device(CtapPcscDevice):
    """This version does not fetch an answer to SELECT that is announced with 61xx."""

    def _select(self) -> None:
        _, sw1, sw2 = self._chain_apdus(0x00, 0xA4, 0x04, 0x00, AID_FIDO)
        assert (sw1, sw2) == SW_SUCCESS


def main(rp_id: str, credential_id: str) -> None:
    started = time.perf_counter()
    device = next(iter(Device.list_devices()))
    allowed = [{"type": "public-key", "id": bytes.fromhex(credential_id)}]
    assertion = Ctap2(device).get_assertion(rp_id, hashlib.sha256(b"client data").digest(), allowed)
    assert assertion.signature
    print((time.perf_counter() - started) * 1000)


if len(sys.argv) > 1:
    main(*sys.argv[1:])
