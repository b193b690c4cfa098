"""Made-up fields and signatures for any document, for tests that need one filled in."""

from datetime import date, datetime

from forms.documents import Blank, DocumentText, latest
from portal.adapters.pdf import Authority, Certificate, Delivery, SignatureBlock

SIGNED_AT = datetime(2026, 11, 23, 15, 4, 5)
CERTIFICATE = Certificate(
    reference="PA-2026-0042",
    completed_at=datetime(2026, 11, 23, 15, 4, 9),
    issued_by="Sample Lead",
    deliveries=(
        Delivery("jordan@example.org", "e-mail", datetime(2026, 11, 23, 15, 5)),
        Delivery("robin@example.org", "e-mail"),
    ),
)


def value_of(blank: Blank) -> str:
    """A plausible value for a field."""
    by_type = {"date": "November 23, 2026", "email": "jordan@example.org", "phone": "207-555-0142", "number": "12"}
    return by_type.get(blank.type) or (blank.choices[0] if blank.choices else f"Sample {blank.name}")


def fields_of(document: DocumentText, **known: str) -> dict[str, str]:
    """Every field filled in; repeating groups with two entries."""
    repeats = {group.id for group in document.groups if group.repeats}
    values: dict[str, str] = {}
    for blank in document.fields:
        keys = [f"{blank.group}.{n}.{blank.name}" for n in (1, 2)] if blank.group in repeats else [blank.name]
        values |= dict.fromkeys(keys, value_of(blank))
    return values | known


def signatures_of(
    document: DocumentText, fields: dict[str, str], name: str = "Jordan Sample", **first: object
) -> list[SignatureBlock]:
    """A signature for every signer: the first electronic (changed by `first`), the others on paper."""
    blocks = []
    for number, signer in enumerate(document.signers):
        facts: dict[str, object] = {
            "capacity": signer.capacity,
            "name": name if number == 0 else "Robin Example",
            "title": "Director",
            "statement": document.plain(signer.statement, fields),
            "signed_at": SIGNED_AT,
            "document_sha256": document.sha256,
            "initials": dict.fromkeys(document.initialled, "J.S.") if signer.initials else {},
        }
        if number == 0:
            facts |= {
                "method": "electronic",
                "email": "jordan@example.org",
                "code_entered_at": datetime(2026, 11, 23, 15, 3, 59),
                "address": "192.0.2.17",
                "agent": "Sample Browser 1.0",
                "consent_version": "2026-1",
                "consent_sha256": latest("electronic_consent").sha256,
                "authority": Authority("Robin Example", date(2026, 11, 24)),
            }
            facts |= first
        else:
            facts |= {
                "method": "paper",
                "paper_checked_by": "Robin Example",
                "paper_checked_on": date(2026, 11, 23),
                "paper_how": "submitted",
                "scan_sha256": "ab" * 32,
            }
        blocks.append(SignatureBlock(**facts))  # type: ignore[arg-type]  # built by name
    return blocks
