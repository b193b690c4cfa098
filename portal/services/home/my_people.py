"""What waits at the Agencies that somebody manages: the people's way to access, devices, reserved seats."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import AccessRequest, Agency, Device, Evidence, Membership, Person, Seat
from portal.services.home.tasks import Home, Task
from portal.services.people import standing_view
from portal.services.people.standing_view import OFFICES, TITLES, Line
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Role

SOON = timedelta(days=7)


def of_agencies(
    session: Session, actor: Actor, managed: frozenset[int], home: Home, policy: Policy, *, on: date
) -> None:
    waiting_people = list(
        session.execute(
            select(Membership, Person, Agency, AccessRequest)
            .join(Person, Person.id == Membership.person_id)
            .join(Agency, Agency.id == Membership.agency_id)
            .join(AccessRequest, and_(AccessRequest.membership_id == Membership.id, AccessRequest.status == "open"))
            .where(Membership.agency_id.in_(managed))
            .order_by(AccessRequest.requested_at, AccessRequest.id)
        )
    )
    own = {
        m.agency_id: m
        for m in session.scalars(
            select(Membership).where(Membership.person_id == actor.person_id, Membership.agency_id.in_(managed))
        )
    }
    by_id = {m.id: m for m in (*own.values(), *(row.Membership for row in waiting_people))}
    lines = standing_view.lines(session, list(by_id.values()), now_on=on, policy=policy)
    names = {agency.id: agency.name for agency in session.scalars(select(Agency).where(Agency.id.in_(managed)))}
    for agency_id, membership in own.items():
        _of_one_agency(actor, agency_id, names[agency_id], lines[membership.id], home, policy)
    for membership, person, agency, request in waiting_people:
        _of_one_person(actor, membership, person, agency, request, lines[membership.id], home, policy)
    home.mine += _devices(session, actor, names)
    home.mine += _reservations(session, managed, on=on)


def _of_one_agency(actor: Actor, agency_id: int, name: str, line: Line, home: Home, policy: Policy) -> None:
    """What the Agency as a whole lacks, once for all of its people."""
    roles = {role for where, role in actor.roles if where == agency_id}
    rest: dict[str, int] = {}
    for prerequisite_id, holder in line.steps:
        stanza = policy.prerequisite(prerequisite_id)
        if stanza.about != About.AGENCY and stanza.about in set(About):
            continue
        if holder in OFFICES and OFFICES[holder] in roles:
            step = next(s.do for s in stanza.steps if s.who == holder)
            home.mine.append(
                Task("agency", step, agency_id, f"{name}. {stanza.title} is not settled, so no new access is issued.")
            )
        else:
            rest[holder] = rest.get(holder, 0) + 1
    for holder, count in rest.items():
        home.others.append(
            Task(
                "agency",
                f"{name}: {count} step{'s' * (count > 1)} to take part",
                agency_id,
                status="waiting",
                who=TITLES[holder],
            )
        )


def _of_one_person(
    actor: Actor,
    membership: Membership,
    person: Person,
    agency: Agency,
    request: AccessRequest,
    line: Line,
    home: Home,
    policy: Policy,
) -> None:
    roles = {role for where, role in actor.roles if where == membership.agency_id}
    own = [
        (policy.prerequisite(each), holder)
        for each, holder in line.steps
        if policy.prerequisite(each).about in (About.MEMBERSHIP, About.PERSON, About.DEVICE)
    ]
    mine = [stanza.title for stanza, holder in own if _is_mine(actor, membership, stanza.id, holder, roles)]
    if mine and person.id != actor.person_id:
        verb = {"An authorized device": "choose or authorize the device"}.get(
            mine[0], mine[0][:1].lower() + mine[0][1:]
        )
        home.mine.append(
            Task(
                "person",
                f"{person.name}: {verb}",
                membership.id,
                f"{agency.name}. {line.done} of {line.total} settled.",
                request.requested_at,
            )
        )
    holders = dict.fromkeys(
        TITLES[holder] for stanza, holder in own if not _is_mine(actor, membership, stanza.id, holder, roles)
    )
    if holders and person.id != actor.person_id:
        said = [person.name if each == TITLES["person"] else each for each in holders]
        home.others.append(
            Task(
                "person",
                person.name,
                membership.id,
                f"{line.done} of {line.total} settled.",
                request.requested_at,
                status="waiting",
                who=", ".join(said),
            )
        )


def _is_mine(actor: Actor, membership: Membership, prerequisite_id: str, holder: str, roles: set[str]) -> bool:
    if holder == "person":
        return actor.person_id == membership.person_id
    either: set[Role] = standing_view.EITHER.get(prerequisite_id, set())
    return bool(roles & either) or (holder in OFFICES and OFFICES[holder] in roles)


def _devices(session: Session, actor: Actor, names: dict[int, str]) -> list[Task]:
    may = (actor.at(Role.AGENCY_ADMIN) | actor.at(Role.EXECUTIVE_DIRECTOR)) - {LEAD}
    authorised = exists(
        select(1).where(
            Evidence.about == About.DEVICE,
            Evidence.subject_id == Device.id,
            Evidence.kind == Kind.DEVICE_AUTHORISED,
            Evidence.withdrawn_at == datetime.max,
        )
    )
    rows = session.scalars(select(Device).where(Device.agency_id.in_(may), ~authorised).order_by(Device.entered_at))
    return [
        Task("device", f"Authorize the device: {d.label}", d.agency_id, names.get(d.agency_id, ""), d.entered_at)
        for d in rows
    ]


def _reservations(session: Session, managed: Iterable[int], *, on: date) -> list[Task]:
    """Seats that are reserved and run out within a week: after that whoever is ready may take them."""
    rows = session.execute(
        select(Seat, Person.first_name, Person.last_name)
        .join(Membership, Membership.id == Seat.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Seat.agency_id.in_(managed), Seat.status == "reserved", Seat.reserved_until <= on + SOON)
    )
    return [
        Task(
            "person",
            f"The license reserved for {first} {last} runs out",
            seat.membership_id,
            since=seat.reserved_at,
            due=seat.reserved_until,
            status="due_soon",
        )
        for seat, first, last in rows
    ]
