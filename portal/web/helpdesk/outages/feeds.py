"""Outages for programs: an Atom feed and a calendar, which cost no sign-in, set no cookie, and are asked for again cheaply."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, url_for

from portal.adapters import atom, icalendar
from portal.db import reading
from portal.models import Outage, OutageUpdate
from portal.services.helpdesk.outages import shown
from portal.services.helpdesk.outages.entering import rule_of
from portal.web.helpdesk.outages.room import KINDS, blueprint, said_word, systems_named, when
from portal.web.kernel import context, policy, public, sessions
from workflows.outage_pack import OutageKind
from workflows.recurrence import following
from workflows.wall_time import local, moment_words

IN_FEED, IN_CALENDAR = 50, 500
WHY = "outages are told to every program that asks; nobody is named"
BEGAN = datetime(2026, 1, 1)
"""What the feed was touched at before there was any outage, and the year with which the weekly maintenance begins in calendars."""


@blueprint.get("/feed.xml", endpoint="feed")
@public(WHY)
def feed() -> Any:
    with reading(sessions()) as session:
        rows = shown.for_feeds(session, limit=IN_FEED)
        session.expunge_all()
    page = _outside(url_for("outages.index"))
    touched = max((row.touched_at for row, _ in rows), default=BEGAN)
    made = atom.Feed(
        id=page, title=f"Outages of the HMIS: {policy().lead}", subtitle="Planned and unplanned outages, and how they go on.",
        author=policy().lead, href=page, own=_outside(url_for("outages.feed")), updated=touched,
        entries=[_entry(row, said) for row, said in rows],
    )  # fmt: skip
    return _answer(atom.to_atom(made), "application/atom+xml", touched)


def _entry(row: Outage, said: Sequence[OutageUpdate]) -> atom.Entry:
    href = _outside(url_for("outages.one", number=row.id))
    told = [
        f"{said_word(each.kind, row.kind)}, {moment_words(each.at, policy().zone)}: {paragraph}"
        for each in reversed(said)
        for paragraph in each.said.splitlines()
    ]
    return atom.Entry(
        id=href, title=_summary(row), href=href, published=row.announced_at, updated=row.touched_at, category=row.kind,
        paragraphs=[f"{systems_named(row.systems)}. {when(shown.shown(row, row.touched_at))}.", *told],
    )  # fmt: skip


@blueprint.get("/calendar.ics", endpoint="calendar")
@public(WHY)
def calendar() -> Any:
    with reading(sessions()) as session:
        rows = shown.for_feeds(session, limit=IN_CALENDAR)
        session.expunge_all()
    touched = max((row.touched_at for row, _ in rows), default=BEGAN)
    by_week = [(row, said) for row, said in rows if row.kind == OutageKind.WEEKLY]
    made = icalendar.Calendar(
        name="Outages of the HMIS", product="HMIS Access Portal//Outages", zone=policy().zone, url=_outside(url_for("outages.index")),
        weekly=_weekly(by_week),
        events=[_event(row, said) for row, said in sorted(rows, key=lambda each: each[0].id) if row.kind != OutageKind.WEEKLY],
    )  # fmt: skip
    answer = _answer(icalendar.to_icalendar(made), "text/calendar", touched)
    answer.headers.set("Content-Disposition", "inline", filename="outages.ics")
    return answer


def _weekly(rows: Sequence[tuple[Outage, Sequence[OutageUpdate]]]) -> icalendar.WeeklyEvent | None:
    weekly, rule = policy().outages.weekly, rule_of(policy())
    if weekly is None or rule is None:
        return None
    first = following(rule, BEGAN)
    uid = f"weekly-maintenance@{_host()}"
    touched = max((row.touched_at for row, _ in rows), default=BEGAN)
    revision = sum(row.revision for row, _ in rows)
    said = f"{systems_named(weekly.systems)} cannot be used during the weekly maintenance."
    event = icalendar.Event(
        uid, first.starts_at, first.ends_at, touched, revision, weekly.title, said, _outside(url_for("outages.index"))
    )
    evenings = [(row, said) for row, said in rows if row.occurrence_on and row.occurrence_on.weekday() == rule.weekday]
    off: list[date] = [row.occurrence_on for row, _ in evenings if row.occurrence_on and row.status == "called_off"]
    instead = [
        icalendar.Instead(row.occurrence_on, _event(row, said, uid=uid))
        for row, said in evenings
        if row.occurrence_on and row.status != "called_off"
    ]
    return icalendar.WeeklyEvent(event, local(first.starts_at, rule.zone), rule.lasts, off, instead)


def _event(row: Outage, said: Sequence[OutageUpdate], uid: str = "") -> icalendar.Event:
    words = [
        f"{systems_named(row.systems)}.",
        *(f"{said_word(each.kind, row.kind)}: {each.said}" for each in reversed(said)),
    ]
    return icalendar.Event(
        uid=uid or f"outage-{row.id}@{_host()}", starts_at=row.starts_at, until=row.ended_at or row.ends_expected_at,
        stamp=row.touched_at, sequence=row.revision, summary=_summary(row), description="\n".join(words),
        url=_outside(url_for("outages.one", number=row.id)), cancelled=row.status == "called_off",
    )  # fmt: skip


def _summary(row: Outage) -> str:
    state = {"ended": "Over: ", "called_off": "Called off: "}.get(row.status, "")
    return f"{state}{row.title} ({KINDS[OutageKind(row.kind)].lower()})"


def _answer(content: bytes, media_type: str, touched: datetime) -> Response:
    """With a fingerprint and the moment of the last change, by which open_to_all tells whoever has it already so in a few bytes."""
    answer = Response(content, content_type=f"{media_type}; charset=utf-8")
    answer.add_etag()
    answer.last_modified = touched.replace(tzinfo=UTC) + timedelta(seconds=touched.microsecond > 0)
    return answer


def _outside(path: str) -> str:
    return f"{context().settings.base_url}{path}"


def _host() -> str:
    return context().settings.base_url.split("//", 1)[-1].split("/")[0].split(":")[0]
