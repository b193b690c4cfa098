"""The record taken away: what is asked for, put on record itself, then written out as it is read (S6, 'Reporting requirements')."""

import codecs
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.audit import rows
from portal.models import Agency, AuditEntry
from portal.refusals import bad_input
from portal.services.desk import desk_lists, record_lists
from portal.services.desk.record_lists import Asked
from portal.services.people import people
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import LEAD

HEADERS = (
    "Number", "At (UTC)", "Who", "On behalf of", "Came in by", "From address", "Act", "What", "Id", "Agency", "In words",
    "Before", "After", "Decision", "Refused", "Seal",
)  # fmt: skip
WHEREABOUTS = frozenset({"street", "city", "zip", "street_address", "zip_code", "agency_address"})
AT_ONCE = 1_000


def asked(
    session: Session, *, person: str = "", agency: str = "", act: str = "", thing: str = "", thing_id: int | None = None,
    refused: bool = False, since: date | None = None, until: date | None = None,
) -> Asked:  # fmt: skip
    """Which entries are meant, from what was typed. BAD_INPUT, with its field, where a name fits nobody or several."""
    someone = people.by_email(session, person) if person else None
    if person and someone is None:
        raise bad_input("Nobody here has this e-mail address.", "person")
    where = _agency(session, agency) if agency else None
    if since and until and until < since:
        raise bad_input("The last day is before the first.", "until")
    if thing_id is not None and not thing:
        raise bad_input("Say what kind of thing has this number.", "thing")
    words = [
        f"about or by {someone.name}" if someone else "",
        f"of {where.name}" if where else "",
        f"of the act {act}" if act else "",
        f"about {thing.replace('_', ' ')}{'' if thing_id is None else f' {thing_id}'}" if thing else "",
        "refusals only" if refused else "",
        f"from {us_date(since)}" if since else "",
        f"until {us_date(until)}" if until else "",
    ]
    return Asked(
        person_id=someone.id if someone else None, agency_id=where.id if where else None, act=act, thing=thing, thing_id=thing_id,
        refused=refused, since=since, until=until, words=", ".join(word for word in words if word) or "all of it",
    )  # fmt: skip


def put_on_record(session: Session, asked: Asked, *, how: str, actor: Actor, now: datetime) -> None:
    """That the record leaves the portal, and which part of it; before anything is read. NOT_ALLOWED by the table."""
    permissions.check(session, actor, Action.AUDIT_EXPORT)
    said = f"Downloaded the record as {how.upper()}: {asked.words}."
    audit.record(
        session, actor=actor, now=now, act="audit.export", said=said, after={"format": how, "asked": asked.words}
    )


def refuse_many(session: Session, asked: Asked, *, most: int, zone: str) -> None:
    """BAD_INPUT for more entries than a page can hand over."""
    some = record_lists.audit_query(asked, zone=zone).with_only_columns(AuditEntry.id).limit(most + 1).subquery()
    if (session.scalar(select(func.count()).select_from(some)) or 0) > most:
        raise bad_input(
            f"These are more than {most:,} entries. Choose a shorter period, or have the operator run portal audit export.",
            "since",
        )


def write(session: Session, asked: Asked, *, how: str, out: BinaryIO, zone: str) -> int:
    """Writes the entries, the earliest first, and says how many: 'jsonl' with their seals, else a table under HEADERS.

    jsonl holds entries as they are, an Agency's whereabouts too: it is for the operator alone.
    """
    counted = _Counted(_lines(session, asked, zone) if how == "jsonl" else table(session, asked, zone=zone))
    if how == "jsonl":
        for line in counted:
            out.write(line)
    elif how == "xlsx":
        from portal.adapters.workbook_writer import to_workbook

        out.write(to_workbook(HEADERS, counted, title="Record"))
    else:
        _write_csv(out, counted)
    return counted.count


def table(session: Session, asked: Asked, *, zone: str) -> Iterator[tuple[Any, ...]]:
    """The entries as rows under HEADERS, the earliest first, as they are read; an Agency's whereabouts left out."""
    query = (
        record_lists.audit_query(asked, zone=zone)
        .with_only_columns(AuditEntry, Agency.name)
        .outerjoin(Agency, Agency.id == AuditEntry.agency_id)
        .order_by(AuditEntry.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for e, agency in session.execute(query):
        yield (
            e.seq, e.at, e.actor, e.on_behalf, e.via, e.address, e.act, e.thing, e.thing_id, agency, e.said, said(e.before), said(e.after),
            e.decision_id, e.refused, e.mac,
        )  # fmt: skip
        session.expunge(e)


def said(values: dict[str, Any]) -> str:
    """What changed, but for where an Agency is: the whereabouts of some stay out of every download."""
    return "; ".join(f"{name}: {value}" for name, value in values.items() if name not in WHEREABOUTS)


def _lines(session: Session, asked: Asked, zone: str) -> Iterator[bytes]:
    ids = record_lists.audit_query(asked, zone=zone).with_only_columns(AuditEntry.id)
    everything = asked == Asked(words=asked.words)
    for entry in rows.with_the_seal_before(session.connection(), None if everything else AuditEntry.id.in_(ids)):
        yield json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _write_csv(out: BinaryIO, found: Iterator[tuple[Any, ...]]) -> None:
    from portal.adapters.tables import to_csv

    out.write(codecs.BOM_UTF8 + to_csv(HEADERS, ()).encode())
    for row in found:
        out.write(to_csv(HEADERS, (row,)).partition("\r\n")[2].encode())


def _agency(session: Session, text: str) -> Agency:
    exact = session.scalars(select(Agency).where(Agency.name_key == text.casefold())).one_or_none()
    if exact is not None:
        return exact
    query = select(Agency).where(Agency.name_key.like(desk_lists.like(text), escape="/"), Agency.id != LEAD)
    found = session.scalars(query.limit(6)).all()
    if len(found) != 1:
        names = "; ".join(agency.name for agency in found[:5])
        raise bad_input(
            f"Several Agencies fit: {names}. Enter the whole name." if found else "No Agency has this name.", "agency"
        )
    return found[0]


class _Counted:
    def __init__(self, found: Iterator[Any]) -> None:
        self._found, self.count = found, 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        one = next(self._found)
        self.count += 1
        return one
