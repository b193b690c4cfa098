"""'What waits for me', by role: what I can do now, what others hold for my people, and what I should know."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, select, union_all
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Agency, Device, Document, Evidence, Grant, Membership, Person, Seat
from portal.services.home import home_desk, running_out
from portal.services.paperwork import KINDS, again
from portal.services.people import handover, standing_view
from portal.services.people.standing_view import OFFICES, TITLES, Line
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Action, Kind, Role

SOON = timedelta(days=7)
SIGNED_BY_THE_AGENCY = tuple(kind for kind, info in KINDS.items() if not info.form and not info.needs)
FORMS = tuple(kind for kind, info in KINDS.items() if info.form)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `kind` and `id` say where it is done; the page knows the address."""

    kind: str
    title: str
    id: int = 0
    hint: str = ""
    since: date | datetime | None = None
    due: date | datetime | None = None
    status: str = "to_do"
    who: str = ""


@dataclass(slots=True)
class Home:
    """Everything on the first page."""

    mine: list[Task] = field(default_factory=list)
    others: list[Task] = field(default_factory=list)
    soon: list[Task] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def waiting(session: Session, *, actor: Actor, now: datetime, policy: Policy) -> Home:
    """What waits for this person, for others on this person's people, and notices; a constant number of statements."""
    permissions.check(session, actor, Action.HOME_SEE)
    today = local_day(now, policy.zone)
    home = Home()
    home.mine += _to_sign(session, actor, policy, on=today)
    home.mine += own_quizzes(session, actor, policy, on=today)
    home.mine += _own_password(session, actor, now=now)
    managed = _managed(actor)
    if managed:
        _of_agencies(session, actor, managed, home, policy, on=today)
    if actor.lead_roles:
        home.mine += [Task(**each) for each in home_desk.queues(session, actor=actor, now=now, on=today, policy=policy)]
    soon = running_out.for_person(session, person_id=actor.person_id, roles=actor.roles, on=today, policy=policy)
    home.soon += [_runs_out(item) for item in soon]
    home.notices += _suspended(session, actor, managed)
    home.mine.sort(key=lambda task: (task.status != "overdue", _moment(task.since)))
    return home


def _managed(actor: Actor) -> frozenset[int]:
    offices = (Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR, Role.SECURITY_OFFICER)
    return frozenset().union(*(actor.at(role) for role in offices)) - {LEAD}


def _to_sign(session: Session, actor: Actor, policy: Policy, *, on: date) -> list[Task]:
    """My own papers; those that my offices sign for an Agency, and its forms that are begun or were sent back."""
    directed, managed = actor.at(Role.EXECUTIVE_DIRECTOR) - {LEAD}, actor.at(Role.AGENCY_ADMIN) - {LEAD}
    ids = select(Document.id).correlate(None)
    to_sign = [ids.where(Document.person_id == actor.person_id, Document.status == "prepared")]
    if directed:
        for_agency = Document.kind.in_(SIGNED_BY_THE_AGENCY), Document.status == "prepared"
        to_sign.append(ids.where(Document.agency_id.in_(directed), *for_agency))
    if directed | managed:
        forms = Document.kind.in_(FORMS), Document.status.in_(("prepared", "rejected"))
        to_sign.append(ids.where(Document.agency_id.in_(directed | managed), *forms))
    rows = session.execute(
        select(Document, Agency.name)
        .join(Agency, Agency.id == Document.agency_id)
        .where(Document.id.in_(union_all(*to_sign)))
        .order_by(Document.prepared_at)
    ).all()
    replacing = again.of(session, [row.Document for row in rows], policy)
    return [
        _paper_again(document, agency, replacing[document.id], on)
        if document.id in replacing
        else _paper(document, agency)
        for document, agency in rows
    ]


def _paper_again(document: Document, agency: str, again_: again.Again, on: date) -> Task:
    """A new version of what was signed before: until when the old one still counts."""
    title = KINDS[document.kind].title
    called = title if title.istitle() else title[:1].lower() + title[1:]
    late = again_.last_day < on
    said = f"Sign the new {called}" + ("" if late else f" by {us_date(again_.last_day)}")
    kind, key = _signed_at(document)
    return Task(kind, said, key, agency, document.prepared_at, again_.last_day, "overdue" if late else "to_do")


def _paper(document: Document, agency: str) -> Task:
    title = KINDS[document.kind].title
    if document.kind in FORMS:
        sent_back = document.status == "rejected"
        hint = f"Sent back: {document.rejected_reason}" if sent_back else agency
        verb = "Correct" if sent_back else "Complete"
        return Task(
            f"form:{document.kind}",
            f"{verb}: {title}",
            document.agency_id,
            hint,
            document.prepared_at,
            status="returned" if sent_back else "draft",
        )
    kind, key = _signed_at(document)
    return Task(kind, f"Sign: {title}", key, agency, document.prepared_at)


def _signed_at(document: Document) -> tuple[str, int]:
    """My own papers are on my page; one of the Agency's has only its own."""
    return "sign" if document.person_id is not None else "sign_for_agency", document.id


def own_quizzes(session: Session, actor: Actor, policy: Policy, *, on: date) -> list[Task]:
    """Courses assigned to me at any Agency whose quiz I have not passed."""
    held = (Evidence.valid_from <= on, Evidence.valid_until >= on, Evidence.withdrawn_at == datetime.max)
    mine = select(Membership.id).where(Membership.person_id == actor.person_id)
    assigned = select(Evidence.id).where(
        Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.COURSE_ASSIGNED, Evidence.subject_id.in_(mine), *held
    )
    passed = select(Evidence.id).where(
        Evidence.about == About.PERSON, Evidence.kind == Kind.TRAINING, Evidence.subject_id == actor.person_id, *held
    )
    since: dict[str, date] = {}
    done: set[str] = set()
    for row in session.scalars(select(Evidence).where(Evidence.id.in_(union_all(assigned, passed)))):
        if row.kind == Kind.COURSE_ASSIGNED:
            since[row.detail] = min(since.get(row.detail, row.valid_from), row.valid_from)
        elif row.value >= policy.mark_for(row.detail):
            done.add(row.detail)
    titles = {course.id: course.title for course in policy.courses}
    return [
        Task(
            "course",
            f"Pass the quiz: {titles.get(course, course)}",
            hint="In the learning system. Passed already? Hand in the certificate.",
            since=day,
        )
        for course, day in since.items()
        if course not in done
    ]


def _runs_out(item: running_out.Item) -> Task:
    if item.own:
        kind, whose = (
            ("course" if item.evidence == Kind.TRAINING else "sign" if item.evidence in running_out.PAPERS else "me"),
            "",
        )
    else:
        kind, whose = ("person", item.person) if item.membership_id is not None else ("agency", item.agency)
    do = item.do[:1].lower() + item.do[1:] if whose else item.do
    until = (
        f"was in order until {us_date(item.last_day)}" if item.lapsed else f"in order until {us_date(item.last_day)}"
    )
    said = f"{item.title}: {until}. {item.consequence}"
    return Task(
        kind,
        f"{whose}: {do}" if whose else do,
        item.membership_id if kind == "person" and item.membership_id is not None else item.agency_id,
        said if whose == item.agency else f"{item.agency}. {said}",
        due=item.last_day,
        status="overdue" if item.lapsed else "due_soon",
        who="" if item.own and item.holder == "person" else item.who,
    )


def _own_password(session: Session, actor: Actor, *, now: datetime) -> list[Task]:
    kept = handover.waiting(session, person_id=actor.person_id, now=now) if actor.person_id else None
    return (
        [Task("password", "See your temporary password for the core HMIS", due=kept.expires_at, since=kept.kept_at)]
        if kept
        else []
    )


def _of_agencies(
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


def _suspended(session: Session, actor: Actor, managed: frozenset[int]) -> list[str]:
    concerned = union_all(
        select(Membership.id).where(Membership.person_id == actor.person_id),
        select(Membership.id).where(Membership.agency_id.in_(managed)),
    )
    rows = session.execute(
        select(Grant, Person, Agency)
        .join(Membership, Membership.id == Grant.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Grant.status == "suspended", Grant.membership_id.in_(concerned))
        .order_by(Grant.suspended_at)
    )
    said = []
    for grant, person, agency in rows:
        whose = (
            f"Your access at {agency.name}"
            if person.id == actor.person_id
            else f"The access of {person.name} at {agency.name}"
        )
        since = f" since {us_date(grant.suspended_at.date())}" if grant.suspended_at else ""
        said.append(f"{whose} is suspended{since}: {grant.suspended_for or 'a prerequisite lapsed'}.")
    return said


def _moment(since: date | datetime | None) -> datetime:
    if since is None:
        return datetime.max
    return since if isinstance(since, datetime) else datetime.combine(since, datetime.min.time())
