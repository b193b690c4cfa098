"""Settings from the environment (prefix PORTAL_); a missing secret in production stops the start with a sentence."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal.adapters.trust import LOOPBACK
from portal.secrets import RecordKeys

ROOT = Path(__file__).resolve().parent.parent
MAINE = ROOT / "workflows" / "policies" / "maine"

OWN_KEY = Path("var/secret.key")
MOST_PROXIES = 5
CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+|https://\S+")


class SettingsError(SystemExit):
    """A setting that is missing or makes no sense, said in one sentence."""


@dataclass(frozen=True, kw_only=True)  # without slots: the defaults are read from the class
class Settings:
    """Everything the portal is told from outside."""

    database_url: str = "sqlite:///var/portal.db"
    secret_keys: tuple[str, ...] = ()
    policy: Path = MAINE
    base_url: str = "http://127.0.0.1:8000"
    mail_url: str = "file:var/mail"
    inbox_url: str = field(default="", repr=False)
    inbox_servers: tuple[str, ...] = ()
    mail_ca: Path | None = None
    mail_token_url: str = ""
    mail_client_id: str = ""
    mail_client_secret: str = field(default="", repr=False)
    mail_refresh_token: str = field(default="", repr=False)
    mail_scope: str = ""
    mail_from: str = "HMIS help desk <hmis-help@example.org>"
    core_hmis: str = "work-order"
    core_hmis_private: tuple[str, ...] = ()
    scim_token: str = field(default="", repr=False)
    storage: Path = Path("var/storage")
    audit_keys: tuple[str, ...] = field(default=(), repr=False)
    audit_anchor: Path | None = None
    audit_mail: bool = False
    trusted_proxies: int = 0
    security_contact: str = ""
    board_mail: str = ""
    demo: bool = False
    testing: bool = False

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def by_scim(self) -> bool:
        """Whether the core HMIS has an interface and is told by SCIM; otherwise by work orders."""
        return self.core_hmis != "work-order"

    @property
    def told_of_weaknesses(self) -> str:
        """Where a weakness is reported, as security.txt says it: the contact that was set, else the help desk's address."""
        return self.security_contact or f"mailto:{parseaddr(self.mail_from)[1]}"

    @property
    def record_keys(self) -> RecordKeys:
        """What seals the record: its own keys, else those derived from the secret keys, which go on verifying what they sealed."""
        return RecordKeys((*self.audit_keys, *self.secret_keys))

    @property
    def anchors(self) -> Path:
        """The file that the record's head is written to: beside an SQLite database, else under var/, unless it is named."""
        if self.audit_anchor is not None:
            return self.audit_anchor
        file = self.database_url.partition("sqlite:///")[2]
        return Path(f"{file}.anchors") if file else Path("var/record.anchors")

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, *, needs_secret: bool = True, **changes
    ) -> "Settings":
        """Reads PORTAL_DATABASE_URL, PORTAL_SECRET_KEY (several, comma-separated, newest first), … ; refuses to start without.

        Where no key is set, the one that `make run` made for this checkout serves, if it is there.
        """
        env = os.environ if environ is None else environ

        def said(name: str, default: str) -> str:
            return env.get(f"PORTAL_{name}", "").strip() or default

        keys = tuple(key.strip() for key in said("SECRET_KEY", _own_key()).split(",") if key.strip())
        values: dict[str, Any] = {
            "database_url": said("DATABASE_URL", cls.database_url),
            "secret_keys": keys,
            "policy": Path(said("POLICY", str(MAINE))),
            "base_url": said("BASE_URL", cls.base_url).rstrip("/"),
            "mail_url": said("MAIL_URL", cls.mail_url),
            "inbox_url": said("INBOX_URL", cls.inbox_url),
            "inbox_servers": tuple(each.strip() for each in said("INBOX_AUTHSERV", "").split(",") if each.strip()),
            "mail_ca": Path(said("MAIL_CA", "")) if said("MAIL_CA", "") else None,
            "mail_token_url": said("MAIL_TOKEN_URL", ""),
            "mail_client_id": said("MAIL_CLIENT_ID", ""),
            "mail_client_secret": said("MAIL_CLIENT_SECRET", ""),
            "mail_refresh_token": said("MAIL_REFRESH_TOKEN", ""),
            "mail_scope": said("MAIL_SCOPE", ""),
            "mail_from": said("MAIL_FROM", cls.mail_from),
            "core_hmis": said("CORE_HMIS", cls.core_hmis),
            "core_hmis_private": tuple(h.strip().lower() for h in said("CORE_HMIS_PRIVATE", "").split(",") if h.strip()),
            "scim_token": said("SCIM_TOKEN", ""),
            "storage": Path(said("STORAGE", str(cls.storage))),
            "audit_keys": tuple(key.strip() for key in said("AUDIT_KEY", "").split(",") if key.strip()),
            "audit_anchor": Path(said("AUDIT_ANCHOR", "")) if said("AUDIT_ANCHOR", "") else None,
            "audit_mail": said("AUDIT_MAIL", "") == "1",
            "trusted_proxies": _number("TRUSTED_PROXIES", said("TRUSTED_PROXIES", "0")),
            "security_contact": said("SECURITY_CONTACT", ""),
            "board_mail": said("BOARD_MAIL", ""),
            "demo": said("DEMO", "") == "1",
        } | changes  # fmt: skip
        return cls(**values).checked(needs_secret)

    def checked(self, needs_secret: bool = True) -> "Settings":
        """Itself, or SettingsError with what is wrong and what to set."""
        if needs_secret and not self.secret_keys:
            raise SettingsError(
                "PORTAL_SECRET_KEY is not set. Set it to a secret of at least 32 characters (openssl rand -hex 32)."
            )
        if any(len(key) < 32 for key in self.secret_keys):
            raise SettingsError(
                "PORTAL_SECRET_KEY is too short. Each key needs at least 32 characters (openssl rand -hex 32)."
            )
        if any(len(key) < 32 for key in self.audit_keys):
            raise SettingsError(
                "PORTAL_AUDIT_KEY is too short. Each key needs at least 32 characters (openssl rand -hex 32)."
            )
        self._check_core_hmis()
        self._check_mail()
        if self.demo and urlsplit(self.base_url).hostname not in LOOPBACK:
            raise SettingsError(
                "The demonstration signs anybody in with one click, so it runs on this machine only: unset PORTAL_DEMO."
            )
        if self.security_contact and not CONTACT.fullmatch(self.security_contact):
            raise SettingsError(
                "PORTAL_SECURITY_CONTACT is neither mailto:somebody@host nor https://address. Where may a weakness be reported?"
            )
        if self.board_mail and not re.fullmatch(r"[^\s@]+@[^\s@]+", self.board_mail):
            raise SettingsError("PORTAL_BOARD_MAIL is no e-mail address. To which mailbox do letters to the Board go?")
        if not self.policy.exists():
            raise SettingsError(f"PORTAL_POLICY names {self.policy}, which does not exist.")
        return self

    def _check_mail(self) -> None:
        if self.mail_ca is not None and not self.mail_ca.is_file():
            raise SettingsError(f"PORTAL_MAIL_CA names {self.mail_ca}, which is no file.")
        if not self.mail_token_url:
            if self.mail_client_id or self.mail_client_secret or self.mail_refresh_token:
                raise SettingsError(
                    "PORTAL_MAIL_TOKEN_URL is not set. At which address does the mail provider give tokens?"
                )
            return
        address = urlsplit(self.mail_token_url)
        if not address.hostname or not (
            address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK)
        ):
            raise SettingsError(
                "PORTAL_MAIL_TOKEN_URL is no https:// address. At which one does the mail provider give tokens?"
            )
        if not self.mail_client_id or not (self.mail_client_secret or self.mail_refresh_token):
            raise SettingsError(
                "PORTAL_MAIL_TOKEN_URL needs PORTAL_MAIL_CLIENT_ID, and PORTAL_MAIL_CLIENT_SECRET or PORTAL_MAIL_REFRESH_TOKEN."
            )

    def _check_core_hmis(self) -> None:
        if self.core_hmis == "work-order":
            return
        address = urlsplit(self.core_hmis)
        plain = address.scheme == "scim+http"
        if address.scheme not in ("scim+https", "scim+http") or not address.hostname:
            raise SettingsError(
                f"PORTAL_CORE_HMIS = {self.core_hmis.rpartition('@')[2]!r} is not known. Use work-order, or scim+https://host/base."
            )
        if "@" in address.netloc or address.query or address.fragment:
            raise SettingsError(
                "PORTAL_CORE_HMIS is scim+https://host/base and no more. The token is PORTAL_SCIM_TOKEN."
            )
        if plain and address.hostname not in LOOPBACK:
            raise SettingsError(
                "PORTAL_CORE_HMIS may use scim+http:// on this machine only. Use scim+https://host/base."
            )
        if not self.scim_token:
            raise SettingsError("PORTAL_SCIM_TOKEN is not set. Set it to the token that the core HMIS gave the portal.")


def _number(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) > MOST_PROXIES:
        raise SettingsError(f"PORTAL_{name} = {text!r} is no number from 0 to {MOST_PROXIES}.")
    return int(text)


def _own_key() -> str:
    return OWN_KEY.read_text(encoding="ascii").strip() if OWN_KEY.exists() else ""
