"""python3-fido2 as a judge: drives a key over its device file and verifies what it answers.

judge.py DEVICE PIN PROTOCOL, with a key that has that PIN, credProtect, hmac-secret and large blobs.
Prints one line per thing that was found to be so, and ends with 0 when all were.
"""
import hashlib
import os
import sys

from fido2.cose import CoseKey
from fido2.ctap2 import ClientPin, CredentialManagement, Ctap2, LargeBlobs
from fido2.ctap2 import PinProtocolV1, PinProtocolV2
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.hid import open_device

RP_ID = "judge.example"
USER = {"id": b"judge", "name": "judge", "displayName": "The judge"}


def sha256(data):
    return hashlib.sha256(data).digest()


def main():
    path, pin, number = sys.argv[1:]
    ctap = Ctap2(open_device(path))
    info = ctap.info
    assert "FIDO_2_1" in info.versions, info.versions
    assert info.aaguid == b"keystile-virtual", info.aaguid
    print("info")

    protocol = {"1": PinProtocolV1, "2": PinProtocolV2}[number]()
    client_pin = ClientPin(ctap, protocol)
    assert client_pin.get_pin_retries()[0] == 8

    def token(permissions, rp_id=None):
        return client_pin.get_pin_token(pin, permissions, rp_id)

    permission = ClientPin.PERMISSION
    client_data_hash = sha256(b"registration")
    make_token = token(permission.MAKE_CREDENTIAL, RP_ID)
    attestation = ctap.make_credential(
        client_data_hash,
        {"id": RP_ID, "name": "Judge"},
        USER,
        [{"type": "public-key", "alg": -7}],
        extensions={"hmac-secret": True, "credProtect": 2, "largeBlobKey": True},
        options={"rk": True},
        pin_uv_param=protocol.authenticate(make_token, client_data_hash),
        pin_uv_protocol=protocol.VERSION,
    )
    data = attestation.auth_data
    assert data.rp_id_hash == sha256(RP_ID.encode())
    assert data.is_user_present() and data.is_user_verified() and data.is_attested()
    assert data.extensions["hmac-secret"] is True and data.extensions["credProtect"] == 2
    credential = data.credential_data
    public_key = CoseKey.parse(credential.public_key)
    public_key.verify(bytes(data) + client_data_hash, attestation.att_statement["sig"])
    assert len(attestation.large_blob_key) == 32
    print("registration")

    client_data_hash = sha256(b"authentication")
    get_token = token(permission.GET_ASSERTION, RP_ID)
    hmac_secret = HmacSecretExtension(ctap, protocol)
    salts = {"salt1": sha256(b"one"), "salt2": sha256(b"two")}
    outputs = []
    for allow in ([{"type": "public-key", "id": credential.credential_id}], None):
        assertion = ctap.get_assertion(
            RP_ID,
            client_data_hash,
            allow,
            extensions={"hmac-secret": hmac_secret.process_get_input({"hmacGetSecret": salts}), "largeBlobKey": True},
            pin_uv_param=protocol.authenticate(get_token, client_data_hash),
            pin_uv_protocol=protocol.VERSION,
        )
        public_key.verify(bytes(assertion.auth_data) + client_data_hash, assertion.signature)
        assert assertion.auth_data.is_user_verified()
        assert assertion.large_blob_key == attestation.large_blob_key
        outputs.append(hmac_secret.process_get_output(assertion.auth_data)["hmacGetSecret"])
        # The touch that the first assertion took has used up the token.
        get_token = token(permission.GET_ASSERTION, RP_ID)
    print("authentication")
    assert outputs[0] == outputs[1] and len(outputs[0]["output1"]) == 32
    assert outputs[0]["output1"] != outputs[0]["output2"]
    print("hmac-secret")

    # More than one fragment, and it does not compress.
    blob = os.urandom(700)
    blobs = LargeBlobs(ctap, protocol, token(permission.LARGE_BLOB_WRITE))
    blobs.put_blob(attestation.large_blob_key, blob)
    assert blobs.get_blob(attestation.large_blob_key) == blob
    blobs.delete_blob(attestation.large_blob_key)
    assert blobs.get_blob(attestation.large_blob_key) is None
    print("large blobs")

    management = CredentialManagement(ctap, protocol, token(permission.CREDENTIAL_MGMT))
    existing = management.get_metadata()[CredentialManagement.RESULT.EXISTING_CRED_COUNT]
    assert existing == 1, existing
    rps = management.enumerate_rps()
    assert [rp[CredentialManagement.RESULT.RP]["id"] for rp in rps] == [RP_ID]
    creds = management.enumerate_creds(sha256(RP_ID.encode()))
    assert [cred[CredentialManagement.RESULT.USER]["name"] for cred in creds] == ["judge"]
    found = creds[0][CredentialManagement.RESULT.CREDENTIAL_ID]
    management.update_user_info(found, dict(USER, name="renamed"))
    creds = management.enumerate_creds(sha256(RP_ID.encode()))
    assert [cred[CredentialManagement.RESULT.USER]["name"] for cred in creds] == ["renamed"]
    management.delete_cred(found)
    assert management.get_metadata()[CredentialManagement.RESULT.EXISTING_CRED_COUNT] == 0
    print("credential management")

    client_pin.change_pin(pin, pin + "+")
    client_pin.change_pin(pin + "+", pin)
    print("PIN")


main()
