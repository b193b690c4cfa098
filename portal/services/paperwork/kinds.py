"""What each kind of document is about, and which evidence it gives when it is signed and when it is executed: one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from forms.documents import DocumentText
from workflows.vocabulary import PROTOCOLS, RECEIPTS, About, Kind, Role

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gives:
    """One kind of evidence that a document gives; `details` has a row each, `only_if` may hold it back."""

    kind: Kind
    about: About
    details: tuple[str, ...] = ("",)
    version: Callable[[DocumentText, Answers, str], str] = lambda text, _answers, _detail: text.version
    until: Callable[[Answers], date] = lambda _answers: date.max
    only_if: Callable[[DocumentText, Answers], bool] = lambda _text, _answers: True


@dataclass(frozen=True, slots=True)
class PaperKind:
    """Whom a kind of document is about, how it is completed, and the evidence it gives at either moment.

    `form`: submitted from the portal and verified by the help desk, not signed by link. `designees` sign where the
    text says executive director or designee.
    """

    title: str
    executed: tuple[Gives, ...]
    signed: tuple[Gives, ...] = ()
    needs: tuple[str, ...] = ()
    form: bool = False
    designees: tuple[Role, ...] = (Role.EXECUTIVE_DIRECTOR,)


def _until_end(answers: Answers) -> date:
    return date.fromisoformat(answers["ends_on"]) if answers.get("ends_on") else date.max


def _year(_text: DocumentText, answers: Answers, _detail: str) -> str:
    return str(answers["inventory_year"])


def _as_received(_text: DocumentText, answers: Answers, detail: str) -> str:
    return str(answers.get(f"{detail}_version") or "")[:64]


def _notice_received(_text: DocumentText, answers: Answers, _detail: str) -> str:
    return str(answers.get("privacy_notice_version") or "")[:64]


def _said_yes(field: str) -> Callable[[DocumentText, Answers], bool]:
    return lambda _text, answers: answers.get(field) == "Yes"


_A, _M, _D = About.AGENCY, About.MEMBERSHIP, About.DEVICE

KINDS: Mapping[str, PaperKind] = {
    "participation_agreement": PaperKind(
        "Participation agreement",
        signed=(Gives(Kind.PARTICIPATION_AGREEMENT_SIGNED, _A),),
        executed=(Gives(Kind.PARTICIPATION_AGREEMENT, _A, until=_until_end),),
    ),
    "user_agreement": PaperKind(
        "User agreement",
        needs=("membership",),
        executed=(
            Gives(Kind.USER_AGREEMENT, _M),
            # The clause is initialled in the same sitting; a text without it leaves the pledge to a document of its own.
            Gives(Kind.PRIVACY_PLEDGE, _M, version=_notice_received, only_if=lambda text, _a: "privacy_notice" in text.initialled),
        ),
    ),
    "privacy_notice": PaperKind("Privacy notice", needs=("membership",), executed=(Gives(Kind.PRIVACY_PLEDGE, _M),)),
    "agency_admin_agreement": PaperKind(
        "Agency Administrator Agreement", needs=("membership",), executed=(Gives(Kind.AGENCY_ADMIN_AGREEMENT, _M),)
    ),
    "security_officer_acceptance": PaperKind(
        "Security officer's acceptance", needs=("membership",), executed=(Gives(Kind.SECURITY_OFFICER_ACCEPTANCE, _M),)
    ),
    "receipt_of_manuals": PaperKind("Receipt of the manuals", executed=(Gives(Kind.RECEIPT, _A, RECEIPTS, version=_as_received),)),
    "laptop_statement": PaperKind("Laptop statement", needs=("membership", "device"), executed=(Gives(Kind.LAPTOP_STATEMENT, _D),)),
    "home_office_authorisation": PaperKind(
        "Home office authorization", needs=("membership", "device"), executed=(Gives(Kind.HOME_OFFICE, _D, ("authorisation",)),)
    ),
    "security_protocols": PaperKind(
        "Security protocols",
        executed=(Gives(Kind.PROTOCOL, _A, PROTOCOLS),),
        designees=(Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER),
    ),
    # What it gives follows from the review itself: see reviewed.py.
    "review_attestation": PaperKind("Attestation of the annual security review", executed=()),
    "information_form": PaperKind(
        "Agency information form",
        form=True,
        signed=(Gives(Kind.INFORMATION_FORM_SENT, _A),),
        executed=(
            Gives(Kind.INFORMATION_FORM, _A),
            Gives(Kind.EXCLUDED_PROVIDER, _A, ("victim_service",), only_if=_said_yes("victim_service_provider")),
            Gives(Kind.EXCLUDED_PROVIDER, _A, ("legal_service",), only_if=_said_yes("legal_service_provider")),
        ),
    ),
    "housing_inventory": PaperKind(
        "Housing inventory",
        form=True,
        signed=(Gives(Kind.HOUSING_INVENTORY_SENT, _A, version=_year),),
        executed=(Gives(Kind.HOUSING_INVENTORY, _A, version=_year),),
    ),
}  # fmt: skip
