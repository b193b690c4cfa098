"""The text of a document and what is filled in: checked, filled from the record, and as people read it."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from forms.documents import Blank, DocumentText
from portal.models import Agency, Device, Document, Evidence, Person
from portal.refusals import Refused, bad_input
from workflows.business_time import us_date
from workflows.vocabulary import LEAD, About, Kind, Reason

LONGEST = {"text": 300, "long_text": 4000}
BY_HAND = "As written by hand; see the scan"


def text_of(document: Document) -> DocumentText:
    """The text this document was prepared with; CONFLICT where the portal no longer has exactly this text."""
    try:
        text = documents.text(document.kind, document.version)
    except KeyError:
        text = None
    if text is None or text.sha256 != document.text_sha256:
        raise Refused(
            Reason.CONFLICT,
            "The text of this document has changed since it was prepared. Ask the help desk to prepare it anew.",
        )
    return text


def version_in_force(session: Session, kind: str, on: date) -> DocumentText:
    """The version the Lead published last by this day, as far as the portal has its text; else the newest text."""
    published = session.scalars(
        select(Evidence.version)
        .where(
            Evidence.about == About.LEAD, Evidence.kind == Kind.PUBLISHED, Evidence.detail == kind, Evidence.valid_from <= on,
            Evidence.withdrawn_at == datetime.max, Evidence.version.in_(documents.versions(kind)),
        )
        .order_by(Evidence.valid_from.desc(), Evidence.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    return documents.text(kind, published) if published else documents.latest(kind)


def known(
    session: Session, text: DocumentText, *, agency: Agency, person: Person | None, device: Device | None, now: datetime
) -> dict[str, Any]:
    """What the record already says, for the fields that this text has."""
    lead = session.get(Agency, LEAD)
    values: dict[str, Any] = {
        "agency_name": agency.name, "common_name": agency.common_name, "street_address": agency.street, "city": agency.city,
        "zip_code": agency.zip, "main_phone": agency.phone, "notices_email": agency.email, "lead_name": lead.name if lead else "",
        "agency_address": ", ".join(part for part in (agency.street, agency.city, f"{agency.state} {agency.zip}".strip()) if part),
        "inventory_year": str(now.year), "privacy_notice_version": documents.latest("privacy_notice").version,
    }  # fmt: skip
    if person is not None:
        values |= dict.fromkeys(("user_name", "administrator_name", "officer_name"), person.name)
        values |= {"work_email": person.email, "work_phone": person.phone, "job_title": person.title}
    if device is not None:
        values["device_name"] = device.label
    names = {field.name for field in text.fields}
    return {name: value for name, value in values.items() if name in names and value}


def checked(text: DocumentText, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers fit to be kept: days as 2026-11-23, several choices as a list. BAD_INPUT names the field that is wrong.

    Keys are the fields' names, `group.1.name` in a group that repeats. A field the text lacks is refused.
    """
    return {key: _value(field_of(text, key), key, answer) for key, answer in answers.items()}


def field_of(text: DocumentText, key: str) -> Blank:
    """The field a key stands for; BAD_INPUT where the text has none."""
    repeats = {group.id for group in text.groups if group.repeats}
    group, _, rest = key.partition(".")
    number, _, name = rest.partition(".")
    for field in text.fields:
        inside = field.group in repeats
        if (not inside and field.name == key) or (
            inside and field.group == group and field.name == name and number.isdecimal()
        ):
            return field
    raise bad_input(f"This document has no field named {key[:60]!r}.", key)


def as_read(text: DocumentText, answers: Mapping[str, Any]) -> dict[str, str]:
    """Every answer as people read it: 'November 23, 2026', several choices with commas."""
    return {key: _read(field_of(text, key), value) for key, value in answers.items()}


def compact(text: DocumentText, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers without entries of repeating groups that are wholly empty; those that stay are numbered from 1 on."""
    repeats = {group.id for group in text.groups if group.repeats}
    kept = {key: value for key, value in answers.items() if key.partition(".")[0] not in repeats}
    for group in sorted(repeats):
        filled = [row for row in text.entries(group, answers) if any(row.values())]
        kept |= {
            f"{group}.{number}.{name}": value for number, row in enumerate(filled, 1) for name, value in row.items()
        }
    return kept


def to_fill(text: DocumentText, answers: Mapping[str, Any]) -> tuple[Blank, ...]:
    """The fields outside repeating groups that have no answer yet."""
    repeats = {group.id for group in text.groups if group.repeats}
    return tuple(field for field in text.fields if field.group not in repeats and not answers.get(field.name))


def refuse_missing(text: DocumentText, answers: Mapping[str, Any]) -> None:
    """BAD_INPUT naming the first required field without an answer."""
    missing = text.missing(as_read(text, answers))
    if missing:
        rest = f" {len(missing) - 1} more are empty too." if len(missing) > 1 else ""
        raise bad_input(f"Fill in: {missing[0].label}.{rest}", missing[0].name)


def _value(field: Blank, key: str, answer: Any) -> Any:
    if answer is None or answer == "" or answer == []:
        return ""
    return _TYPES[field.type](field, key, answer)


def _text(field: Blank, key: str, answer: Any) -> str:
    text = str(answer).strip()
    most = LONGEST.get(field.type, 320)
    if len(text) > most:
        raise bad_input(f"{field.label}: at most {most} characters; this has {len(text)}.", key)
    return text


def _day(field: Blank, key: str, answer: Any) -> str:
    if isinstance(answer, date):
        return answer.isoformat()
    try:
        return date.fromisoformat(str(answer).strip()).isoformat()
    except ValueError:
        raise bad_input(f"{field.label}: enter a date that exists.", key) from None


def _number(field: Blank, key: str, answer: Any) -> str:
    text = str(answer).strip().replace(",", "")
    if not re.fullmatch(r"[0-9]{1,7}", text):
        raise bad_input(f"{field.label}: enter a whole number, such as 12.", key)
    return str(int(text))


def _email(field: Blank, key: str, answer: Any) -> str:
    text = _text(field, key, answer)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise bad_input(f"{field.label}: enter an e-mail address like name@example.org.", key)
    return text


def _choice(field: Blank, key: str, answer: Any) -> str:
    if answer not in field.choices:
        raise bad_input(f"{field.label}: select one of the choices.", key)
    return str(answer)


def _choices(field: Blank, key: str, answer: Any) -> list[str]:
    return [_choice(field, key, one) for one in (answer if isinstance(answer, (list, tuple)) else [answer])]


_TYPES: Mapping[str, Callable[[Blank, str, Any], Any]] = {
    "text": _text, "long_text": _text, "phone": _text, "email": _email, "date": _day, "number": _number, "choice": _choice, "choices": _choices,
}  # fmt: skip


def _read(field: Blank, value: Any) -> str:
    if not value:
        return ""
    if field.type == "date":
        return us_date(date.fromisoformat(value))
    return ", ".join(value) if isinstance(value, list) else str(value)
