"""What publishing a version of a document will do, by name: who is asked to sign, and who closes if they do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Agency, Membership, Person
from portal.services import packs
from portal.services.desk.foreseen import CONCERNED, Foreseen, Preview, What, access, chunks, named
from portal.services.desk.pack_preview import shuts
from portal.services.paperwork import again
from portal.standing.facts import published as all_published
from portal.standing.sweep import Standing, stand
from workflows import gate
from workflows.business_time import business_morning, local_day, start_of_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who would be sent the version to sign; an Agency's own agreement names no person."""

    agency_id: int
    agency: str
    membership_id: int | None = None
    person: str = ""


def who_signs(session: Session, *, kind: str, version: str, on: date) -> list[Asked]:
    """Everybody who would be asked, by Agency and name."""
    wanted = again.whom_to_ask(session, kind, version, on=on)
    agencies: dict[int, str] = {}
    for ids in chunks(sorted({agency for agency, _ in wanted})):
        agencies |= {
            row.id: row.name for row in session.execute(select(Agency.id, Agency.name).where(Agency.id.in_(ids)))
        }
    people: dict[int, tuple[str, str]] = {}
    for ids in chunks(sorted(membership for _, membership in wanted if membership is not None)):
        query = select(Membership.id, Person.first_name, Person.last_name).join(
            Person, Person.id == Membership.person_id
        )
        people |= {
            row.id: (row.first_name, row.last_name) for row in session.execute(query.where(Membership.id.in_(ids)))
        }
    found = [
        Asked(agency, agencies[agency], membership, " ".join(people[membership]) if membership is not None else "")
        for agency, membership in wanted
    ]
    return sorted(
        found, key=lambda one: (one.agency.casefold(), one.person.split(" ")[-1].casefold(), one.membership_id or 0)
    )


def if_nobody_signs(
    session: Session, *, kind: str, version: str, in_force_from: date, now: datetime, policy: Policy
) -> Preview:
    """What happens on the first day after the grace, as far as this version alone is the cause, if nobody has signed it.

    By the same sweep on that day, with the version published and without it; whoever would have lost access by then for
    another reason is not among them. The brake may hold the closings up (services/brake.py).
    """
    ruling = packs.in_force(session, policy)
    there, known = access(session), list(all_published(session))
    coming = gate.Evidence(
        id=0, about=About.LEAD, subject_id=LEAD, kind=Kind.PUBLISHED, detail=kind, version=version, valid_from=in_force_from, recorded_at=now
    )  # fmt: skip
    lines: dict[int, Foreseen] = {}
    for day in _ends(ruling, kind, in_force_from, local_day(now, ruling.zone)):
        without, with_it = _standings(session, ruling, day, known), _standings(session, ruling, day, [*known, coming])
        for membership_id, after in with_it.items():
            before, grant = without[membership_id], there.grants.get(membership_id)
            lost = tuple(called for called in after.unmet if called not in set(before.unmet))
            if not lost or (membership_id in lines and lines[membership_id].what is What.CLOSES):
                continue
            confirmed = grant is not None and grant.confirmed_at is not None
            midnight = start_of_day(day, ruling.zone)
            if grant is None:
                lines[membership_id] = Foreseen(membership_id, What.HELD, midnight, lost)
            elif grant.status == "live" and shuts(confirmed, after) and not shuts(confirmed, before):
                when = business_morning(midnight, ruling.hours, ruling.holidays) if confirmed else midnight
                lines[membership_id] = Foreseen(membership_id, What.CLOSES, when, lost, lapse=confirmed)
            elif grant.status == "live":
                lines[membership_id] = Foreseen(membership_id, What.LACKS, midnight, lost)
    return named(session, list(lines.values()), there.live)


def _ends(policy: Policy, kind: str, in_force_from: date, today: date) -> list[date]:
    """The first days on which the version before counts no longer: one for each grace that the pack gives."""
    graces = {p.grace.after(in_force_from) for p in policy.prerequisites if p.evidence == kind and p.version}
    return sorted({max(day, today) for day in graces})


def _standings(session: Session, policy: Policy, on: date, published: Sequence[gate.Evidence]) -> dict[int, Standing]:
    return {each.membership_id: each for each in stand(session, policy, on, memberships=CONCERNED, published=published)}
