"""Envelopes of links, hashes of tokens, and what is sealed at rest; keys rotate, the newest first."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from portal.refusals import Refused
from workflows.vocabulary import Reason


class Keys:
    """The portal's secret keys and what is done with them."""

    def __init__(self, keys: Sequence[str]):
        self._keys = list(keys)
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"seal:{k}".encode()).digest())) for k in keys]
        )

    def envelope(self, purpose: str, content: Any) -> str:
        """A signed, dated text for an address; whoever holds it can read it but not make another."""
        return str(self._serializer(purpose).dumps(content))

    def open(self, purpose: str, envelope: str, *, max_age: int) -> Any:
        """What was put into an envelope of this purpose at most `max_age` seconds ago; LINK_SPENT otherwise. Asks no database."""
        try:
            return self._serializer(purpose).loads(envelope, max_age=max_age)
        except SignatureExpired:
            raise Refused(Reason.LINK_SPENT, "This link has expired. Ask whoever sent it for a new one.") from None
        except BadData:
            raise Refused(
                Reason.LINK_SPENT, "This link is not complete. Open it again from the message, or ask for a new one."
            ) from None

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Refused(Reason.CONFLICT, "This was sealed with a key that the portal no longer has.") from None

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        # itsdangerous signs with the last key and accepts all.
        return URLSafeTimedSerializer(
            self._keys[::-1], salt=f"hmis-portal/{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )


class RecordKeys:
    """The keys that seal the record, the newest first: the first one seals, all of them verify. None of them is stored."""

    def __init__(self, texts: Sequence[str]):
        derived = [hashlib.sha256(f"record:{text}".encode()).digest() for text in texts]
        self._keys = {hashlib.sha256(b"id:" + key).hexdigest()[:16]: key for key in derived}

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._keys

    @property
    def active(self) -> str:
        """The id of the key that seals; '' where there is none."""
        return next(iter(self._keys), "")

    @property
    def in_hex(self) -> dict[str, str]:
        """Every key by its id, for whoever is to verify an export without the portal. Whoever holds one can forge."""
        return {key_id: key.hex() for key_id, key in self._keys.items()}

    def mac(self, key_id: str, message: bytes) -> str:
        """The HMAC-SHA256 of a message, in hex; KeyError for a key that is not here."""
        return hmac.digest(self._keys[key_id], message, "sha256").hex()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
