"""Access tokens for a mailbox that takes no password (OAuth 2.0, RFC 6749), and how they are said in SASL (XOAUTH2)."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

from portal.adapters.trust import trusting

log = logging.getLogger("portal.mail")

TIMEOUT = httpx2.Timeout(connect=5.0, read=10.0, write=5.0, pool=5.0)
MARGIN = 60.0
"""Seconds before its end at which a token is no longer begun with."""
SHORTEST, USUAL = 1.0, 300.0
LONGEST_ANSWER = 65_536
LONGEST_TOKEN = 16_384

_WHAT_TO_DO = {
    "invalid_grant": "The refresh token is no longer valid: grant the application access to the mailbox anew and set "
    "PORTAL_MAIL_REFRESH_TOKEN.",
    "invalid_client": "Check PORTAL_MAIL_CLIENT_ID and PORTAL_MAIL_CLIENT_SECRET; a secret may have run out.",
    "unauthorized_client": "Allow the application this way of signing in, at the mail provider.",
    "invalid_scope": "Check PORTAL_MAIL_SCOPE.",
}  # fmt: skip


class TokenError(Exception):
    """No token could be had; the sentence says what to do and never a secret."""


class Tokens:
    """Tokens of one mailbox: with a refresh token where there is one, else in the application's own name.

    A token is kept until shortly before it runs out. One object serves a process, and several threads of it.
    """

    def __init__(
        self, url: str, *, client_id: str, client_secret: str = "", refresh_token: str = "", scope: str = "",
        clock: Callable[[], float] = time.monotonic, verify: Any = None,
    ) -> None:  # fmt: skip
        self.url = url
        asked = {
            "grant_type": "refresh_token" if refresh_token else "client_credentials", "client_id": client_id,
            "client_secret": client_secret, "refresh_token": refresh_token, "scope": scope,
        }  # fmt: skip
        self._asked = {name: value for name, value in asked.items() if value}
        self._clock, self._verify = clock, verify
        self._held, self._until = "", 0.0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Tokens({self.url!r})"

    def tries(self) -> Iterator[str]:
        """The token that is there, then one made anew: a provider may have taken the first one back. TokenError."""
        with self._lock:
            held = self._held if self._clock() < self._until else ""
        if held:
            yield held
        with self._lock:
            if self._held == held or self._clock() >= self._until:  # else another thread has made one meanwhile
                self._held, self._until = self._made()
            fresh = self._held
        yield fresh

    def _made(self) -> tuple[str, float]:
        """A new token, and until when it is used."""
        try:
            with httpx2.Client(
                timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=self._verify or trusting()
            ) as client:
                answer = client.post(self.url, data=self._asked, headers={"Accept": "application/json"})
        except httpx2.HTTPError as error:
            raise TokenError(
                f"The mail provider's tokens cannot be had: {self._host} does not answer ({type(error).__name__}). It is tried again by itself."
            ) from error
        said = self._said(answer)
        token, kind = said.get("access_token"), said.get("token_type", "Bearer")
        if answer.status_code != 200 or not _is_token(token) or str(kind).lower() != "bearer":
            raise TokenError(self._refusal(answer.status_code, said))
        if said.get("refresh_token", self._asked.get("refresh_token")) != self._asked.get("refresh_token"):
            log.warning(
                "%s hands out a new refresh token each time; the one that is set will run out one day. "
                "Let the application sign in by itself instead (without PORTAL_MAIL_REFRESH_TOKEN).", self._host
            )  # fmt: skip
        return str(token), self._clock() + max(SHORTEST, _seconds(said.get("expires_in")) - MARGIN)

    def _said(self, answer: httpx2.Response) -> dict[str, Any]:
        if len(answer.content) > LONGEST_ANSWER:
            return {}
        try:
            said = answer.json()
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def _refusal(self, status: int, said: dict[str, Any]) -> str:
        word = said.get("error")
        known = word if isinstance(word, str) and word.isascii() and word.isprintable() and len(word) <= 60 else ""
        to_do = _WHAT_TO_DO.get(
            known, "Check PORTAL_MAIL_TOKEN_URL and the application's settings at the mail provider."
        )
        return f"The mail provider gives no token for the mailbox ({self._host} said {status}{f', {known}' if known else ''}). {to_do}"

    @property
    def _host(self) -> str:
        return httpx2.URL(self.url).host


def xoauth2(user: str, token: str) -> str:
    """What is said in AUTHENTICATE XOAUTH2, before it is encoded. TokenError for a name that cannot be said there."""
    if not user.isascii() or not user.isprintable():
        raise TokenError(
            "A mailbox is signed in to by token with an address in plain letters. Check the name in the setting."
        )
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def _is_token(token: object) -> bool:
    """Whether it is one that fits a line: RFC 6750 allows no blank and nothing beyond ASCII."""
    return (
        isinstance(token, str)
        and 0 < len(token) <= LONGEST_TOKEN
        and token.isascii()
        and token.isprintable()
        and " " not in token
    )


def _seconds(said: object) -> float:
    try:
        seconds = float(said)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return USUAL
    return seconds if 0 < seconds < 7 * 86_400 else USUAL
