"""The made-up community is made by the portal's own services, and somebody stands at every stage."""

import ast
import inspect
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import portal.demo
import portal.models
from portal.db import reading
from portal.demo import community
from portal.demo.driver import Driver
from portal.models import (
    AccessRequest,
    Agency,
    AuditEntry,
    BoardRecord,
    DataRelease,
    Decision,
    Device,
    Document,
    Evidence,
    Grant,
    Handover,
    HudRecord,
    Job,
    Membership,
    Person,
    PlanComment,
    PlanVersion,
    Seat,
    TrainingResult,
    Waiver,
    WorkOrder,
)
from portal.refusals import Refused
from portal.services.desk import configuration
from portal.services.people import licences
from portal.standing.sweep import stand
from tests.demo.conftest import PRESENT
from workflows.business_time import local_day
from workflows.vocabulary import LEAD, About, Kind, Reason, Role

TODAY = date(2026, 11, 23)
IN_FORCE = (Evidence.valid_from <= TODAY, Evidence.valid_until >= TODAY, Evidence.withdrawn_at == datetime.max)


def unmet(session: Session, membership_id: int) -> set[str]:
    """What the last decision about somebody lacked."""
    last = (
        select(Decision)
        .where(Decision.membership_id == membership_id)
        .order_by(Decision.made_at.desc(), Decision.id.desc())
        .limit(1)
    )
    found = session.scalars(last).first()
    return {finding["id"] for finding in found.findings if finding["status"] == "unmet"} if found else set()


def waiting(session: Session) -> list[set[str]]:
    """What each open request lacks."""
    rows = session.scalars(
        select(AccessRequest.membership_id).where(AccessRequest.status == "open", AccessRequest.agency_id != LEAD)
    )
    return [unmet(session, membership_id) for membership_id in rows]


def holding(session: Session, *roles: Role) -> list[tuple[int, set[str]]]:
    """(membership, roles) of everybody who holds all of these today."""
    held: dict[int, set[str]] = {}
    rows = session.execute(select(Evidence.subject_id, Evidence.detail).where(Evidence.kind == Kind.ROLE, *IN_FORCE))
    for membership_id, role in rows:
        held.setdefault(membership_id, set()).add(role)
    return [(member, mine) for member, mine in held.items() if set(roles) <= mine]


def of_agencies(kind: Kind, **wanted: object):
    conditions = [getattr(Evidence, name) == value for name, value in wanted.items()]
    return select(Evidence.subject_id).where(
        Evidence.about == About.AGENCY, Evidence.kind == kind, *conditions, *IN_FORCE
    )


def no_director(session: Session) -> int:
    joining = session.scalars(
        select(Agency.id).where(
            Agency.status == "joining", Agency.id != LEAD, Agency.id.not_in(of_agencies(Kind.EXCLUDED_PROVIDER))
        )
    )
    return sum(
        1
        for agency in joining
        if not session.scalar(select(Membership.id).where(Membership.agency_id == agency).limit(1))
    )


def paper(kind: str, status: str, route: str = "electronic"):
    def find(session: Session) -> int:
        return (
            session.scalar(
                select(func.count()).where(Document.kind == kind, Document.status == status, Document.route == route)
            )
            or 0
        )

    return find


def forms_missing(session: Session) -> int:
    """Officers named, agreement executed, and no information form verified or sent."""
    agreed = of_agencies(Kind.PARTICIPATION_AGREEMENT)
    sent = of_agencies(Kind.INFORMATION_FORM)
    return (
        session.scalar(
            select(func.count()).where(Agency.id.in_(agreed), Agency.id.not_in(sent), Agency.status == "joining")
        )
        or 0
    )


def waits_for_configuration(session: Session) -> int:
    joining = session.scalars(select(Agency).where(Agency.status == "joining", Agency.id != LEAD)).all()
    return sum(1 for agency in joining if not configuration.missing(session, agency, on=TODAY))


def inventory_is_late(session: Session) -> int:
    current = of_agencies(Kind.HOUSING_INVENTORY, version=str(TODAY.year))
    return session.scalar(select(func.count()).where(Agency.status == "participating", Agency.id.not_in(current))) or 0


def queueing(session: Session) -> int:
    """Everything met but a seat, and no licence free."""
    rows = session.scalars(
        select(AccessRequest).where(AccessRequest.status == "open", AccessRequest.agency_id != LEAD)
    ).all()
    return sum(
        1
        for row in rows
        if unmet(session, row.membership_id) == {"licence-seat"} and not licences.free_seats(session, row.agency_id)
    )


def lapsed(session: Session) -> int:
    """Suspended because nothing but the yearly training ran out."""
    rows = session.scalars(select(Grant).where(Grant.status == "suspended")).all()
    return sum(1 for row in rows if row.suspended_for.startswith("There is no passed security training"))


def sanctioned(session: Session) -> int:
    mine = select(Evidence.subject_id).where(Evidence.kind == Kind.SANCTION, Evidence.about == About.PERSON, *IN_FORCE)
    return session.scalar(select(func.count()).where(Grant.status == "suspended", Grant.person_id.in_(mine))) or 0


def departed(session: Session) -> int:
    gone = select(Evidence.subject_id).where(Evidence.kind == Kind.DEPARTURE, *IN_FORCE)
    return (
        session.scalar(
            select(func.count(func.distinct(Grant.membership_id))).where(
                Grant.status == "ended", Grant.membership_id.in_(gone)
            )
        )
        or 0
    )


def rehired(session: Session) -> int:
    counted = select(Grant.membership_id, func.count()).group_by(Grant.membership_id).having(func.count() > 1)
    twice = [membership for membership, _ in session.execute(counted)]
    return session.scalar(select(func.count()).where(Grant.membership_id.in_(twice), Grant.status == "live")) or 0


def at_two_agencies(session: Session) -> int:
    rows = select(Grant.person_id).where(Grant.status == "live").group_by(Grant.person_id).having(func.count() > 1)
    return len(session.scalars(rows).all())


def password_waiting(session: Session) -> int:
    return session.scalar(select(func.count()).where(Handover.sealed.is_not(None), Handover.expires_at > PRESENT)) or 0


def count(model: type, *where: object):
    return lambda session: session.scalar(select(func.count()).select_from(model).where(*where)) or 0


STAGES = {
    "an Agency that was just entered": no_director,
    "an Agency whose director is invited": paper("participation_agreement", "prepared"),
    "an agreement signed and not countersigned": paper("participation_agreement", "signed"),
    "an agreement on paper, scanned": paper("participation_agreement", "scanned", "paper"),
    "an Agency whose forms are missing": forms_missing,
    "an Agency that waits for configuration": waits_for_configuration,
    "Agencies that participate": count(Agency, Agency.status == "participating"),
    "a victim service provider": lambda session: len(session.scalars(of_agencies(Kind.EXCLUDED_PROVIDER)).all()),
    "a suspended Agency": lambda session: len(session.scalars(of_agencies(Kind.SANCTION)).all()),
    "an Agency that has ended": count(Agency, Agency.status == "ended"),
    "an Agency whose inventory is late": inventory_is_late,
    "access just requested": count(
        AccessRequest, AccessRequest.status == "open", AccessRequest.requested_at > PRESENT - timedelta(hours=12)
    ),
    "an agreement unsigned": paper("user_agreement", "prepared"),
    "signed and not enrolled": lambda session: sum(
        1 for lacks in waiting(session) if lacks == {"courses-passed", "security-training"}
    ),
    "a quiz at 79.99": count(TrainingResult, TrainingResult.score == 7999, TrainingResult.status == "recorded"),
    "the security course missing": lambda session: sum(
        1 for lacks in waiting(session) if lacks == {"courses-passed", "security-training"}
    ),
    "a background check pending": lambda session: sum(1 for lacks in waiting(session) if lacks == {"background-check"}),
    "a queue for a seat": queueing,
    "an order open": count(WorkOrder, WorkOrder.status == "open", WorkOrder.act == "ensure"),
    "people with access": count(Grant, Grant.status == "live"),
    "suspended by a lapse": lapsed,
    "a sanction": sanctioned,
    "a departure": departed,
    "a rehire": rehired,
    "somebody at two Agencies": at_two_agencies,
    "a temporary password to be opened": password_waiting,
    "a certificate to confirm": count(TrainingResult, TrainingResult.status == "claimed"),
    "a result that nobody is known for": count(TrainingResult, TrainingResult.status == "unmatched"),
    "a request for the Lead's own staff, to be approved": count(
        AccessRequest, AccessRequest.status == "open", AccessRequest.agency_id == LEAD
    ),
    "one person with three offices": lambda session: len(
        holding(session, Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER)
    ),
    "inventory rows from which a form begins": count(HudRecord, HudRecord.file == "Inventory.csv"),
    "seats held": count(Seat, Seat.status == "held"),
    "devices": count(Device),
    "a waiver asked for": count(Waiver, Waiver.status == "asked"),
    "a waiver in force": count(Waiver, Waiver.status == "given"),
    "a plan out for feedback": count(PlanVersion, PlanVersion.status == "feedback"),
    "a plan that is being implemented": count(PlanVersion, PlanVersion.status == "implementing"),
    "a plan in force": count(PlanVersion, PlanVersion.status == "in_force"),
    "a plan whose review is overdue": count(PlanVersion, PlanVersion.review_due < PRESENT.date()),
    "a comment that waits for its answer": count(PlanComment, PlanComment.answered_at.is_(None)),
    "a record that is due again": count(BoardRecord, BoardRecord.due_again < PRESENT.date()),
    "data that was released": count(DataRelease, DataRelease.status == "released"),
    "data that was asked for": count(DataRelease, DataRelease.status == "asked"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_somebody_stands_at_every_stage(each_community, stage):
    with reading(each_community.sessions) as session:
        assert STAGES[stage](session) >= 1


def test_signed_and_security_missing_are_two_people(each_community):
    with reading(each_community.sessions) as session:
        assert STAGES["signed and not enrolled"](session) >= 2
        passed = select(TrainingResult.person_id).where(
            TrainingResult.course == "hmis-basics", TrainingResult.score == 9250
        )
        assert len(session.scalars(passed).all()) == 1


def test_every_row_of_evidence_has_its_entry_in_the_record(each_community):
    with reading(each_community.sessions) as session:
        told = {
            thing
            for (thing,) in session.execute(
                select(AuditEntry.thing_id).where(AuditEntry.act == "evidence.record", AuditEntry.thing == "evidence")
            )
        }
        rows = set(session.scalars(select(Evidence.id)))
        assert len(rows) > 500
        assert rows == told


def test_every_grant_rests_on_a_decision_that_permitted(each_community):
    with reading(each_community.sessions) as session:
        grants = session.scalars(select(Grant)).all()
        assert len(grants) > 10
        for grant in grants:
            assert grant.decision.outcome == "permitted"
            assert [finding for finding in grant.decision.findings if finding["status"] == "unmet"] == []


def test_access_is_what_the_gate_says_today(each_community):
    with reading(each_community.sessions) as session:
        states = {
            row.membership_id: row.status
            for row in session.execute(select(Grant.membership_id, Grant.status).where(Grant.status != "ended"))
        }
        standing = {row.membership_id: row for row in stand(session, each_community.policy, TODAY)}
        assert {m for m, status in states.items() if status == "suspended"} == {m for m in states if standing[m].closes}


def test_histories_look_real(each_community):
    with reading(each_community.sessions) as session:
        first, last = session.execute(select(func.min(AuditEntry.at), func.max(AuditEntry.at))).one()
        assert last <= PRESENT
        assert last - first > timedelta(days=420)
        days = {at.date() for at in session.scalars(select(AuditEntry.at))}
        assert len(days) > 60
        assert session.scalar(select(func.count()).where(Job.state == "failed")) == 0


def test_some_copies_are_made_and_the_rest_waits_for_the_worker(each_community):
    with reading(each_community.sessions) as session:
        jobs = Counter(session.scalars(select(Job.state).where(Job.effect == "executed_copy")))
        executed = session.scalars(select(Document.id).where(Document.status == "executed")).all()
        made = session.scalars(select(Document.id).where(Document.executed_sha256 != "")).all()
        waits = {
            job.payload["document_id"]
            for job in session.scalars(select(Job).where(Job.effect == "executed_copy", Job.state == "waiting"))
            if "document_id" in job.payload  # the letter about a sanction has none
        }
        assert made
        assert jobs["waiting"]
        assert set(executed) == set(made) | waits


def test_names_are_varied_and_plainly_samples(each_community):
    with reading(each_community.sessions) as session:
        people = session.scalars(select(Person)).all()
        assert all(person.email.endswith("@example.org") for person in people)
        assert any("а" <= letter <= "я" for person in people for letter in person.name.lower())
        assert any(not person.name.isascii() and max(person.name.lower()) < "а" for person in people)
        assert all(
            agency.name.startswith("Sample ") for agency in session.scalars(select(Agency).where(Agency.id != LEAD))
        )


def test_a_second_load_is_refused_and_changes_nothing(each_community):
    with reading(each_community.sessions) as session:
        before = session.scalar(select(func.count()).select_from(AuditEntry))
    with pytest.raises(Refused) as refused:
        community.load(each_community, people=40)
    assert refused.value.reason == Reason.CONFLICT
    with reading(each_community.sessions) as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before


def plot(context, seed: int, people: int = 300, clock=None) -> list[tuple[object, ...]]:
    play = community.Play(Driver(replace(context, clock=clock or context.clock), Random(seed)), Random(seed), people)
    goings = [(going.somebody, going.house.name, going.story, going.asked) for going in play.cast.goings()]
    return [(house.name, house.story, house.starts, house.director, house.licences) for house in play.houses] + goings


def test_the_same_seed_plans_the_same_community(small_community):
    assert plot(small_community, 580) == plot(small_community, 580)
    assert plot(small_community, 580) != plot(small_community, 581)


@pytest.mark.parametrize("month", range(1, 13))
def test_on_any_day_of_the_year_thirty_agencies_and_three_hundred_people_are_planned(small_community, month):
    clock = lambda: datetime(2027, month, 3 + month % 5, 4, 30)  # noqa: E731
    play = community.Play(Driver(replace(small_community, clock=clock), Random(1)), Random(1), 300)
    goings = play.cast.goings()
    asking = {going.somebody.email for going in goings}
    assert len(play.houses) == 30
    assert len(asking) + play.cast.offices() == 300
    assert len({house.name for house in play.houses}) == 30
    last = local_day(clock(), small_community.policy.zone)
    assert all(play.begins < going.asked <= last for going in goings)
    assert all(going.house.reaches == 6 and going.asked > play.cast.participates_on(going.house) for going in goings)


# --- nothing but services writes

MODELS = {
    name
    for name, thing in vars(portal.models).items()
    if inspect.isclass(thing) and issubclass(thing, portal.models.Person.__bases__[-1])
}
SOURCES = sorted(Path(inspect.getfile(portal.demo)).parent.glob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_demonstration_makes_no_row_and_sets_no_status(source):
    assert faults(source.read_text(encoding="utf-8")) == []


def test_the_reader_of_sources_sees_each_fault():
    for code, said in {
        "Person(first_name='X')": "makes a Person",
        "portal.models.Evidence(id=1)": "makes a Evidence", "thing.status = 'live'": "sets status",
        "session.add(thing)": "session.add", "from portal.services import evidence": "imports evidence",
        "from portal.services.transition import transition": "imports transition",
    }.items():  # fmt: skip
        assert [fault for fault in faults(code) if said in fault], code


def faults(code: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in MODELS:
                found.append(f"makes a {called}, line {node.lineno}")
            if (
                called in {"add", "add_all", "delete", "merge"}
                and isinstance(node.func, ast.Attribute)
                and getattr(node.func.value, "id", "") == "session"
            ):
                found.append(f"session.{called}, line {node.lineno}")
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [
                f"sets {t.attr}, line {node.lineno}"
                for t in targets
                if isinstance(t, ast.Attribute) and t.attr in {"status", "state"}
            ]
        if isinstance(node, ast.ImportFrom):
            names = {(node.module or "").rpartition(".")[2], *(alias.name for alias in node.names)}
            found += [
                f"imports {name}, line {node.lineno}"
                for name in sorted(names & {"evidence", "transition"})
                if "services" in (node.module or "")
            ]
    return found
