"""How far day one has come: a handful of counts and the last list of each kind."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Agency, BulkScan, DayOneImport, Membership, Person, Project, RosterEntry
from workflows.vocabulary import LEAD


@dataclass(frozen=True, slots=True)
class SoFar:
    """What has come in. `scans` counts files by status."""

    agencies: int
    projects: int
    roster: int
    roster_active: int
    people: int
    memberships: int
    scans: dict[str, int]
    last: dict[str, DayOneImport]


def so_far(session: Session) -> SoFar:
    """The counts, in seven statements."""

    def count(model: type, *where: object) -> int:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0  # type: ignore[arg-type]

    latest = select(func.max(DayOneImport.id)).group_by(DayOneImport.kind)
    rows = session.execute(select(BulkScan.status, func.count()).group_by(BulkScan.status))
    return SoFar(
        agencies=count(Agency, Agency.id != LEAD),
        projects=count(Project),
        roster=count(RosterEntry),
        roster_active=count(RosterEntry, RosterEntry.active),
        people=count(Person),
        memberships=count(Membership, Membership.agency_id != LEAD),
        scans={status: number for status, number in rows},  # noqa: C416 (rows, not pairs)
        last={run.kind: run for run in session.scalars(select(DayOneImport).where(DayOneImport.id.in_(latest)))},
    )
