"""Who is written to about an outage, how many that is before anything is done, and that each gets it once, in slices."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Select, exists, func, select, union
from sqlalchemy.orm import Session

from portal import jobs
from portal.models import Grant, Membership, Outage, OutageNotice, OutageUpdate, Person
from portal.refusals import bad_input
from portal.services import holders
from portal.services.helpdesk.outages.words import lasting_words
from workflows.business_time import local_day
from workflows.outage_pack import Audience, OutageKind
from workflows.policy import Policy
from workflows.vocabulary import Effect, Role


def counted(session: Session, *, on: date) -> Mapping[str, int]:
    """How many people each choice would write to on this day, nobody among them. One statement."""
    admins, everybody = (
        select(func.count()).select_from(_people(audience, on).subquery()).scalar_subquery() for audience in Audience
    )
    row = session.execute(select(admins, everybody)).one()
    return {"": 0, Audience.ADMINS: row[0], Audience.EVERYBODY: row[1]}


def proposed(kind: str, told_before: str, policy: Policy) -> str:
    """Whom the pack has told of such an outage, '' for nobody; whoever was told before is told how it goes on."""
    by_pack = policy.outages.tells.get(OutageKind(kind), "")
    return Audience.EVERYBODY if Audience.EVERYBODY in (by_pack, told_before) else by_pack or told_before


def told_so_far(outage: Outage) -> str:
    """The widest audience that was written to about it; '' where nobody was."""
    found = {update.tells for update in outage.updates}
    return Audience.EVERYBODY if Audience.EVERYBODY in found else Audience.ADMINS if Audience.ADMINS in found else ""


def say(
    session: Session, outage: Outage, kind: str, text: str, *, public: bool, tells: str, by: int | None, now: datetime, policy: Policy
) -> OutageUpdate:  # fmt: skip
    """Adds what is said to the outage, and has it mailed to whom `tells` names; what is public makes its revision grow.

    BAD_INPUT for no words, for what looks like a client's, for an audience that does not exist, or mail of what is not public.
    """
    words = lasting_words(text, "Say what people should know.", "text")
    if tells and tells not in tuple(Audience):
        raise bad_input("Choose who gets an e-mail.", "tells")
    if tells and not public:
        raise bad_input("A note for the staff is not mailed. Choose nobody, or say it to everybody.", "tells")
    count = counted(session, on=local_day(now, policy.zone))[tells] if tells else 0
    update = OutageUpdate(
        outage_id=outage.id, kind=kind, at=now, by_id=by, said=words, public=public, tells=tells, told=count
    )
    session.add(update)
    if public:
        outage.revision += 1
        outage.touched_at = max(now, outage.touched_at)
    session.flush()
    if tells:
        jobs.enqueue(session, Effect.OUTAGE, key=f"tell:{update.id}", now=now)
    return update


def write_to_some(session: Session, update_id: int, *, now: datetime, policy: Policy) -> int:
    """Has the next slice of people written to, each once for good: the notice and its mail in one transaction; how many.

    Whoever held a role on the day it was said is told, whatever has changed since; 0 where everybody is.
    """
    update = session.get_one(OutageUpdate, update_id)
    if not update.tells:
        return 0
    people = _people(update.tells, local_day(update.at, policy.zone)).subquery()
    told = exists(select(1).where(OutageNotice.update_id == update.id, OutageNotice.person_id == people.c.person_id))
    query = select(people.c.person_id).where(~told).order_by(people.c.person_id).limit(policy.outages.slice)
    these = list(session.scalars(query))
    session.add_all(
        OutageNotice(outage_id=update.outage_id, update_id=update.id, person_id=each, made_at=now) for each in these
    )
    session.flush()
    for each in these:
        jobs.enqueue(
            session, Effect.MAIL, key=f"outage:{update.id}:{each}", now=now,
            payload={"mail": "outage_said", "person_id": each, "update_id": update.id},
        )  # fmt: skip
    if len(these) == policy.outages.slice:
        # After the mails of this slice, and after whatever else came meanwhile: a sign-in code does not wait for thousands.
        jobs.enqueue(session, Effect.OUTAGE, key=f"tell:{update.id}", now=now)
    return len(these)


def _people(audience: str, on: date) -> Select[int]:
    """Whoever is Agency Administrator somewhere, which ends with the Agency; with them, everybody with access to the HMIS."""
    admins = holders.held(on, Role.AGENCY_ADMIN).with_only_columns(Membership.person_id)
    if audience == Audience.ADMINS:
        chosen = union(admins).subquery()
    else:
        users = (
            select(Membership.person_id).join(Grant, Grant.membership_id == Membership.id).where(Grant.status == "live")
        )
        chosen = union(admins, users).subquery()
    return select(Person.id.label("person_id")).where(Person.id.in_(select(chosen.c.person_id)))
