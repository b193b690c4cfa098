"""Outages as everybody sees them: what is on, what is coming, what was; the weekly maintenance among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.models import Outage, OutageUpdate
from portal.services.helpdesk.outages.entering import next_evenings
from portal.services.paging import PAGE, Order, Page, like
from workflows.business_time import start_of_day
from workflows.outage_pack import Impact, OutageKind
from workflows.policy import Policy

AHEAD = 28
"""Days ahead for which the evenings of weekly maintenance are listed."""

LATEST_FIRST = Order(((Outage.starts_at, datetime.fromisoformat), (Outage.id, int)), down=True)
OVER = ("ended", "called_off")


@dataclass(frozen=True, slots=True)
class Shown:
    """One outage as it is shown; `id` is None for an evening of weekly maintenance of which nothing was said.

    `phase` is 'on', 'coming', 'ended' or 'called_off', by the clock: what was announced is on when its time has come.
    """

    id: int | None
    on: date | None
    kind: str
    impact: str
    title: str
    systems: Sequence[str]
    starts_at: datetime
    ends_expected_at: datetime | None
    ended_at: datetime | None
    phase: str
    reference: str = ""
    late: bool = False
    """Whether it was expected to be over by now and nobody has said that it is."""

    @property
    def lasted(self) -> timedelta | None:
        """How long it was; None while it is not over."""
        return self.ended_at - self.starts_at if self.ended_at else None


def shown(outage: Outage, now: datetime) -> Shown:
    phase = {"ended": "ended", "called_off": "called_off", "going_on": "on"}.get(outage.status)
    phase = phase or ("on" if outage.starts_at <= now else "coming")
    late = phase == "on" and outage.ends_expected_at is not None and outage.ends_expected_at <= now
    return Shown(
        outage.id, outage.occurrence_on, outage.kind, outage.impact, outage.title, outage.systems, outage.starts_at,
        outage.ends_expected_at, outage.ended_at, phase, outage.reference, late,
    )  # fmt: skip


def current(session: Session, *, now: datetime, policy: Policy) -> tuple[list[Shown], list[Shown]]:
    """What is on (the latest first) and what is coming (the nearest first), with what was called off before its time.

    One statement; the weekly maintenance comes from the pack, but for the evenings of which something was said.
    """
    ahead = and_(Outage.status == "called_off", Outage.starts_at > now)
    rows = session.scalars(select(Outage).where(or_(Outage.status.not_in(OVER), _said_of_evenings(now), ahead))).all()
    all_of_them = [shown(row, now) for row in rows if row.status not in OVER or row.starts_at > now]
    spoken_of = {row.occurrence_on for row in rows}
    all_of_them += evenings(policy, now=now, apart_from=spoken_of)
    on = sorted((each for each in all_of_them if each.phase == "on"), key=lambda each: each.starts_at, reverse=True)
    coming = sorted(
        (each for each in all_of_them if each.phase != "on"), key=lambda each: (each.starts_at, each.id or 0)
    )
    return on, coming


def _said_of_evenings(now: datetime) -> ColumnElement[bool]:
    """Evenings of which something was said and that may still be on by the pack's hours, however that ended."""
    return and_(Outage.occurrence_on.is_not(None), Outage.starts_at > now - timedelta(days=7))


def evenings(policy: Policy, *, now: datetime, apart_from: set[date | None], days: int = AHEAD) -> list[Shown]:
    """The evenings of weekly maintenance ahead of which nothing was said, one that is on first."""
    weekly = policy.outages.weekly
    if weekly is None:
        return []
    return [
        Shown(
            None, each.on, OutageKind.WEEKLY, Impact.DOWN, weekly.title, weekly.systems, each.starts_at, each.ends_at, None,
            "on" if each.starts_at <= now else "coming",
        )
        for each in next_evenings(policy, now=now, days=days)
        if each.on not in apart_from
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filtered:
    """What of the history is shown: of a kind, of a year, with words in the title or its number; also `open` ones for the staff."""

    kind: str = ""
    year: int | None = None
    search: str = ""
    everything: bool = False


def history(
    session: Session, chosen: Filtered, *, now: datetime, policy: Policy, after: str = "", limit: int = PAGE
) -> Page:
    """What is over, the latest first; with `everything`, also what is not. The rows are (Outage,)."""
    query: Select[Outage] = select(Outage)
    if not chosen.everything:
        query = query.where(Outage.status.in_(OVER), Outage.starts_at <= now)
    if chosen.kind:
        query = query.where(Outage.kind == chosen.kind)
    if chosen.year:
        begins, ends = (start_of_day(date(year, 1, 1), policy.zone) for year in (chosen.year, chosen.year + 1))
        query = query.where(Outage.starts_at >= begins, Outage.starts_at < ends)
    if chosen.search:
        query = query.where(_matches(chosen.search))
    return LATEST_FIRST.page(session, query, after, lambda row: (row[0].starts_at.isoformat(), row[0].id), limit=limit)


def _matches(search: str) -> ColumnElement[bool]:
    """By words of the title, or by its number: 'O-2026-0012'."""
    found: list[ColumnElement[bool]] = [func.lower(Outage.title).like(like(search), escape="/")]
    number = search.upper().removeprefix("O-").rpartition("-")[2].lstrip("0")
    if (row_id := permissions.row_id(number)) is not None:
        found.append(Outage.id == row_id)
    return or_(*found)


def years(session: Session) -> tuple[datetime, datetime] | None:
    """When the first and the last outage on record began; None where there is none."""
    first, last = session.execute(select(func.min(Outage.starts_at), func.max(Outage.starts_at))).one()
    return (first, last) if first else None


def updates(session: Session, outage_id: int, *, public: bool) -> list[OutageUpdate]:
    """What was said of it, the latest first; with the staff's own notes where it is not for the public."""
    query = select(OutageUpdate).where(OutageUpdate.outage_id == outage_id).order_by(OutageUpdate.id.desc())
    if public:
        return list(session.scalars(query.where(OutageUpdate.public)))
    return list(session.scalars(query.options(joinedload(OutageUpdate.by))))


def for_feeds(session: Session, *, limit: int) -> list[tuple[Outage, list[OutageUpdate]]]:
    """The outages touched last, each with what was said of it in public; two statements."""
    rows = session.scalars(select(Outage).order_by(Outage.touched_at.desc(), Outage.id.desc()).limit(limit)).all()
    said: dict[int, list[OutageUpdate]] = {row.id: [] for row in rows}
    query = select(OutageUpdate).where(OutageUpdate.outage_id.in_(said), OutageUpdate.public).order_by(OutageUpdate.id)
    for each in session.scalars(query):
        said[each.outage_id].append(each)
    return [(row, said[row.id]) for row in rows]
