"""The Agency's own forms: kept as they are filled in, checked, submitted ('Setting up a New HMIS Agency', 'Agency Administrator')."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.documents import Blank, DocumentText, Group
from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, Document, Evidence
from portal.refusals import Refused, bad_input
from portal.services import evidence, paperwork
from portal.services.agencies import projects
from portal.services.agencies.form_beginnings import filled
from portal.services.agencies.inventory_rules import Remark, remarks
from portal.services.locks import lock
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Reason

KINDS = ("information_form", "housing_inventory", "security_protocols")
DRAFT, SENT = ("prepared", "rejected"), ("signed", "scanned")
MOST = 200
"""As many entries as a group that repeats may have."""


def latest(session: Session, agency_id: int, kind: str) -> Document | None:
    """The Agency's newest document of a kind that was not set aside."""
    query = select(Document).where(
        Document.agency_id == agency_id,
        Document.kind == kind,
        Document.status != "void",
        Document.membership_id.is_(None),
    )
    return session.scalars(query.order_by(Document.id.desc()).limit(1)).first()


def year_due(session: Session, *, on: date) -> int:
    """The year whose inventory is asked for: the one the Lead published last, else this year."""
    rows = evidence.in_force(session, About.LEAD, LEAD, Kind.PUBLISHED, on=on, detail=Kind.HOUSING_INVENTORY.value)
    years = [int(row.version) for row in rows if row.version.isdecimal() and len(row.version) == 4]
    return max(years, default=on.year)


def begin(session: Session, *, agency: Agency, kind: str, actor: Actor, now: datetime, policy: Policy) -> Document:
    """The form to fill in: what was begun or sent back as it was left, else a new one filled in from the record.

    Refuses ALREADY_DONE while one is with the help desk; an inventory also where this year's is verified.
    """
    if kind not in KINDS:
        raise bad_input("There is no such form.", "kind")
    actor = permissions.acting(session, actor, Action.DOCUMENT_PREPARE, agency)
    lock(session, agencies=[agency.id])
    today = local_day(now, policy.zone)
    there = latest(session, agency.id, kind)
    if there is not None and there.status in DRAFT:
        return there
    if there is not None and there.status in SENT:
        raise Refused(
            Reason.ALREADY_DONE,
            f"{paperwork.KINDS[kind].title}: this is submitted and waits for the help desk to verify it.",
        )
    year = year_due(session, on=today)
    if kind == "housing_inventory" and there is not None and str(there.answers.get("inventory_year")) == str(year):
        raise Refused(
            Reason.ALREADY_DONE,
            f"The housing inventory of {year} is verified. The next one is due when the Lead opens the year {year + 1}.",
        )
    answers = filled(session, agency, kind, there, year, on=today)
    return paperwork.prepare(session, kind=kind, agency=agency, answers=answers, actor=actor, now=now)


def save(session: Session, *, document: Document, answers: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Keeps what was typed on one page of a form, complete or not, so that it can be gone on with later."""
    _refuse_other(document)
    paperwork.fill_in(session, document=document, answers=answers, actor=actor, now=now)


def save_entry(
    session: Session,
    *,
    document: Document,
    group: str,
    number: int | None,
    values: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> int:
    """Keeps one entry of a group that repeats, a new one where `number` is None; returns its number, counted from 1."""
    text = paperwork.text_of(document)
    _repeating(text, group)
    count = len(entries(document, group))
    place = count + 1 if number is None else number
    if not 1 <= place <= min(count + 1, MOST):
        raise bad_input(
            f"This form can take {MOST} entries here, and has {count}."
            if count >= MOST
            else "This entry is not there any more."
        )
    if not any(str(value or "").strip() for value in values.values() if not isinstance(value, list)):
        raise bad_input("Fill in at least one field of this entry, or go back.", next(iter(values)))
    save(
        session,
        document=document,
        answers={f"{group}.{place}.{name}": value for name, value in values.items()},
        actor=actor,
        now=now,
    )
    return place


def remove_entry(session: Session, *, document: Document, group: str, number: int, actor: Actor, now: datetime) -> None:
    """Takes one entry out; those after it move up. NOT_FOUND where it is gone already."""
    _refuse_other(document)
    actor = permissions.acting(session, actor, Action.DOCUMENT_PREPARE, document)
    lock(session, agencies=[document.agency_id])
    session.refresh(document, with_for_update=True)
    if document.status not in DRAFT:
        raise Refused(Reason.ILLEGAL_MOVE, "This form has been submitted, so nothing in it can be changed any more.")
    _repeating(paperwork.text_of(document), group)
    kept = entries(document, group)
    if not 1 <= number <= len(kept):
        raise Refused(Reason.NOT_FOUND, "This entry is not there any more.")
    gone = kept.pop(number - 1)
    rest = {key: value for key, value in document.answers.items() if not key.startswith(f"{group}.")}
    document.answers = rest | {
        f"{group}.{n}.{name}": value for n, entry in enumerate(kept, 1) for name, value in entry.items()
    }
    session.flush()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="document.fill",
        thing=document,
        before=dict(gone),
        said=f"Took out entry {number} of {group}.",
    )


def entries(document: Document, group: str) -> list[dict[str, Any]]:
    """The entries of a repeating group as they are kept, in order."""
    rows: dict[int, dict[str, Any]] = {}
    for key, value in document.answers.items():
        name, _, rest = key.partition(".")
        number, _, field = rest.partition(".")
        if name == group and number.isdecimal():
            rows.setdefault(int(number), {})[field] = value
    return [rows[number] for number in sorted(rows)]


def check(document: Document) -> list[Remark]:
    """What is still missing (it stops the form), and what looks wrong (it does not), before the form is sent."""
    text = paperwork.text_of(document)
    found = list(_missing(text, document))
    if document.kind == "housing_inventory":
        read = paperwork.as_read(text, document.answers)
        found += remarks(
            text.entries("inventory", read), text.entries("served", read), str(document.answers.get("no_lodging") or "")
        )
    if document.kind == "information_form":
        found += _of_information(document)
    return found


def submit(
    session: Session,
    *,
    document: Document,
    name: str,
    title: str = "",
    consent: bool,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Sends the form to the help desk. Projects that an information form names and the record lacks are entered.

    Refuses (BAD_INPUT) while anything that check() calls a stop is open.
    """
    _refuse_other(document)
    if document.kind == "security_protocols":
        raise bad_input("The attestation is signed, not submitted.")
    for remark in check(document):
        if remark.stop:
            raise bad_input(remark.sentence, remark.field)
    paperwork.submit(
        session,
        document=document,
        answers={},
        name=name,
        title=title,
        consent=consent,
        actor=actor,
        now=now,
        policy=policy,
    )
    if document.kind == "information_form":
        agency = session.get_one(Agency, document.agency_id)
        if permissions.allows(session, actor, Action.AGENCY_CHANGE, agency):
            projects.from_form(session, agency=agency, entries=entries(document, "project"), actor=actor, now=now)


def posted_since(session: Session, agency_id: int, *, on: date) -> dict[str, Evidence]:
    """What the Agency has attested as posted where intake happens: 'privacy_notice', 'sign'."""
    rows = evidence.in_force(session, About.AGENCY, agency_id, Kind.POSTED, on=on)
    return {row.detail: row for row in rows}


def attest_posted(
    session: Session, *, agency: Agency, what: Sequence[str], on: date, actor: Actor, now: datetime, policy: Policy
) -> list[str]:
    """Attests that the notice, the sign, or both hang where intake happens, since a day. What was attested before stays."""
    today = local_day(now, policy.zone)
    if on > today:
        raise bad_input("Enter the day since which they hang there: today, or a day before.", "on")
    if not what:
        raise bad_input("Tick what is posted. Both are needed before anybody at the Agency can have access.", "what")
    there = posted_since(session, agency.id, on=today)
    new = [each for each in what if each not in there]
    if not new:
        raise Refused(Reason.ALREADY_DONE, "This was attested before.")
    for each in new:
        paperwork.attest_posted(session, agency=agency, what=each, on=on, actor=actor, now=now)
    return new


def protocols_attested(session: Session, agency_id: int, *, on: date) -> dict[str, Evidence]:
    """The topics of the security protocols that are attested, each with the evidence in force."""
    rows = evidence.in_force(session, About.AGENCY, agency_id, Kind.PROTOCOL, on=on)
    return {row.detail: row for row in rows}


# --- what is missing


def _missing(text: DocumentText, document: Document) -> Iterator[Remark]:
    read = paperwork.as_read(text, document.answers)
    repeats = {group.id: group for group in text.groups if group.repeats}
    for field in text.fields:
        if not field.required:
            continue
        if field.group in repeats:
            for number, row in enumerate(text.entries(field.group, read), 1):
                if not row.get(field.name, "").strip():
                    yield Remark(
                        f"{repeats[field.group].heading}, entry {number}: fill in {_lower(field)}.",
                        True,
                        f"{field.group}.{number}.{field.name}",
                    )
        elif not read.get(field.name, "").strip():
            yield Remark(f"Fill in: {field.label}.", True, field.name)


def _of_information(document: Document) -> Iterator[Remark]:
    roles = {entry.get("contact_role") for entry in entries(document, "contact")}
    if "Executive director" not in roles:
        yield Remark("Add the executive director to the contacts.", True, "contact")
    if not entries(document, "project"):
        yield Remark("Add at least one project: the HMIS is set up project by project.", True, "project")
    for field, called in (
        ("victim_service_provider", "victim service provider"),
        ("legal_service_provider", "legal service provider"),
    ):
        if document.answers.get(field) == "Yes":
            yield Remark(
                f"You say that the Agency is a {called}. Such an Agency keeps a comparable database: once the help desk has verified this form, "
                "nobody there can have access to the HMIS."
            )


def _lower(field: Blank) -> str:
    return f"'{field.label}'"


def _repeating(text: DocumentText, group: str) -> Group:
    found = next((each for each in text.groups if each.id == group and each.repeats), None)
    if found is None:
        raise Refused(Reason.NOT_FOUND, "This form has no such part.")
    return found


def _refuse_other(document: Document) -> None:
    if document.kind not in KINDS:
        raise bad_input("This document is not one of the Agency's forms.")
