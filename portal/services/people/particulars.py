"""What is typed about a person: names in any script, work addresses, and whether two of them can be the same person's."""

import re
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from portal.models import Person
from portal.refusals import bad_input

FREE_MAIL = frozenset(
    {
        "aol.com",
        "comcast.net",
        "gmail.com",
        "gmx.com",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "roadrunner.com",
        "ymail.com",
        "yahoo.com",
    }
)


JOINERS = {"\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFields:
    """What is typed to name somebody."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""
    title: str = ""
    free_mail_ok: bool = True


def is_free_mail(email: str) -> bool:
    """Whether the mailbox is at a provider where anybody can open one: it proves no employer."""
    return email.rpartition("@")[2].lower() in FREE_MAIL


def free_mail_sentence(email: str) -> str:
    return (
        f"{email.rpartition('@')[2]} is a private mailbox that stays with the person when the job ends. Enter "
        "a work address, "
        "or confirm that this person has none."
    )


def a_name(text: str, field: str) -> str:
    """A first or last name in any script: 1 to 100 characters, no digits, nothing that cannot be seen."""
    called = field.replace("_", " ")
    clean = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    if not clean:
        raise bad_input(f"Enter the {called}.", field)
    if len(clean) > 100:
        raise bad_input(
            f"The {called} may have 100 characters; this has {len(clean)}. Enter the name that stands on the badge.",
            field,
        )
    if any(unicodedata.category(c)[0] == "C" and c not in JOINERS for c in clean) or re.search(
        r"[\d<>@/\\{}|=;]", clean
    ):
        raise bad_input(f"The {called} holds a character that no name has. Type it again.", field)
    return clean


def an_address(email: str) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise bad_input("Enter an e-mail address like name@example.org.", "email") from None


def short(text: str, most: int, field: str) -> str:
    clean = " ".join(unicodedata.normalize("NFC", text or "").split())
    if len(clean) > most:
        raise bad_input(f"This may have {most} characters; it has {len(clean)}.", field)
    return clean


def is_called(known: Person, first: str, last: str) -> bool:
    """Whether a name can be the person's: the last name and the first letter, since Jim and James share an address."""
    return _plain(known.last_name) == _plain(last) and _plain(known.first_name)[:1] == _plain(first)[:1]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if c.isalnum())
