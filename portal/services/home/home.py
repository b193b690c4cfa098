"""'What waits for me', by role: what I can do now, what others hold for my people, and what I should know."""

from datetime import date, datetime

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Document, Evidence, Grant, Membership, Person
from portal.services.home import (
    falling_due,
    home_actions,
    home_desk,
    home_front,
    home_help,
    home_incidents,
    home_mail,
    home_outages,
    home_plans,
    home_reviews,
    home_sanctions,
    home_tickets,
    running_out,
)
from portal.services.home.my_people import of_agencies
from portal.services.home.tasks import Home, Task
from portal.services.paperwork import KINDS, again
from portal.services.people import handover
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Role

SIGNED_BY_THE_AGENCY = tuple(kind for kind, info in KINDS.items() if not info.form and not info.needs)
FORMS = tuple(kind for kind, info in KINDS.items() if info.form)


def waiting(session: Session, *, actor: Actor, now: datetime, policy: Policy) -> Home:
    """What waits for this person, for others on this person's people, and notices; a constant number of statements."""
    permissions.check(session, actor, Action.HOME_SEE)
    today = local_day(now, policy.zone)
    home = Home()
    home.mine += _to_sign(session, actor, policy, on=today)
    home.mine += own_quizzes(session, actor, policy, on=today)
    home.mine += _own_password(session, actor, now=now)
    home.mine += home_sanctions.own(session, actor, on=today)
    home.mine += home_incidents.asked(session, actor)
    managed = _managed(actor)
    if managed:
        of_agencies(session, actor, managed, home, policy, on=today)
    if actor.lead_roles:
        home.mine += [Task(**each) for each in home_desk.queues(session, actor=actor, now=now, on=today, policy=policy)]
    home.mine += home_tickets.tasks(session, actor=actor, now=now)
    home.mine += home_mail.tasks(session, actor=actor)
    home.mine += home_help.tasks(session, actor=actor)
    home.mine += home_outages.tasks(session, actor=actor, now=now, policy=policy)
    home.mine += home_plans.tasks(session, actor=actor, on=today, policy=policy)
    home.mine += home_reviews.tasks(session, actor=actor, on=today)
    home.mine += home_front.tasks(session, actor=actor, on=today, policy=policy)
    home.mine += home_actions.own(session, actor=actor, on=today)
    soon = running_out.for_person(session, person_id=actor.person_id, roles=actor.roles, on=today, policy=policy)
    home.soon += [_runs_out(item) for item in soon]
    said = {task.kind for task in home.mine}
    for task in falling_due.tasks(session, actor=actor, on=today, policy=policy):
        if task.kind not in said:
            (home.mine if task.status == "overdue" else home.soon).append(task)
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
    held = Evidence.in_force(on)
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
