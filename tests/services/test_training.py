"""Quiz results by hand, by certificate and from the tray: every attempt kept, exact, nobody for oneself."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal import permissions
from portal.actors import PORTAL
from portal.models import Evidence, Person, TrainingResult
from portal.refusals import Refused
from portal.services import evidence
from portal.services.desk import training_tray
from portal.services.paperwork import Scan
from portal.services.people import attempts, certificates, training
from portal.services.transition import transition
from tests.services.world import World
from workflows.actions import Action
from workflows.vocabulary import About, Kind, Reason, Role

TAKEN = datetime(2026, 11, 20, 16, 0)
SCAN = Scan("a" * 64, "application/pdf", 1200, 1, "certificate.pdf")


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def jamie(world: World) -> Person:
    return world.person("Jamie", "Sample")


def enter(
    world: World, person: Person, score: int, *, taken_at: datetime = TAKEN, attempt: int | None = None, **more
) -> TrainingResult:
    with world.change() as session:
        person = session.get_one(Person, person.id)
        proof = attempts.keep_file(session, SCAN, person=person, actor=world.desk, now=world.now)
        values = {"course": "hmis-basics", "source": "hand", "actor": world.desk, "proof": proof} | more
        return training.record_result(
            session,
            person=person,
            score=score,
            score_as_written=f"{score / 100}",
            taken_at=taken_at,
            attempt=attempt,
            now=world.now,
            policy=world.policy,
            **values,
        )


def claim(
    world: World,
    person: Person,
    score: int,
    *,
    actor=None,
    course: str = "hmis-basics",
    taken_on: date = date(2026, 11, 20),
) -> TrainingResult:
    actor = actor or actor_for(world, person)
    with world.change() as session:
        return certificates.claim(
            session,
            person=session.get_one(Person, person.id),
            course=course,
            score=score,
            taken_on=taken_on,
            file=SCAN,
            actor=actor,
            now=world.now,
            policy=world.policy,
        )


def actor_for(world: World, person: Person):
    return world.actor(world.member(world.agency(licences_=0), person))


def evidence_of(world: World, person: Person) -> list[tuple[int, bool]]:
    """(score, whether it still counts) of every training row about the person, in order."""
    with world.look() as session:
        rows = session.scalars(
            select(Evidence)
            .where(Evidence.kind == Kind.TRAINING, Evidence.about == About.PERSON, Evidence.subject_id == person.id)
            .order_by(Evidence.id)
        )
        return [(row.value, row.withdrawn_at == datetime.max) for row in rows]


def results_of(world: World, person: Person) -> list[tuple[int, int, str]]:
    with world.look() as session:
        rows = session.scalars(
            select(TrainingResult).where(TrainingResult.person_id == person.id).order_by(TrainingResult.id)
        )
        return [(row.attempt, row.score, row.status) for row in rows]


def test_every_attempt_is_kept_and_gives_evidence_of_the_day_it_was_taken(world: World, jamie: Person) -> None:
    enter(world, jamie, 5500, taken_at=TAKEN - timedelta(days=2))
    enter(world, jamie, 7999, taken_at=TAKEN)
    enter(world, jamie, 8000, taken_at=TAKEN + timedelta(hours=1))
    assert results_of(world, jamie) == [(1, 5500, "recorded"), (2, 7999, "recorded"), (3, 8000, "recorded")]
    assert evidence_of(world, jamie) == [(5500, True), (7999, True), (8000, True)]
    with world.look() as session:
        last = session.scalars(
            select(Evidence).where(Evidence.kind == Kind.TRAINING).order_by(Evidence.id.desc())
        ).first()
        assert (last.valid_from, last.rests_on, last.verified_how) == (
            date(2026, 11, 20),
            "training_result",
            "proof on file",
        )


def test_a_quiz_late_in_the_evening_counts_for_the_day_in_the_leads_zone(world: World, jamie: Person) -> None:
    enter(world, jamie, 9000, taken_at=datetime(2026, 11, 20, 3, 30))
    with world.look() as session:
        assert session.scalars(select(Evidence.valid_from).where(Evidence.kind == Kind.TRAINING)).one() == date(
            2026, 11, 19
        )


def test_another_score_for_the_same_attempt_corrects_it(world: World, jamie: Person) -> None:
    enter(world, jamie, 8500, attempt=1)
    enter(world, jamie, 7900, attempt=1)
    assert results_of(world, jamie) == [(1, 8500, "corrected"), (1, 7900, "recorded")]
    assert evidence_of(world, jamie) == [(8500, False), (7900, True)]
    enter(world, jamie, 8500, attempt=1)  # and back again, since the correction was the mistake
    assert evidence_of(world, jamie) == [(8500, False), (7900, False), (8500, True)]


def test_a_score_corrected_below_the_mark_closes_the_gate_after_issuing(world: World) -> None:
    agency = world.agency()
    member = world.ready(agency)
    with world.change() as session:
        for row in session.scalars(
            select(Evidence).where(
                Evidence.kind == Kind.TRAINING, Evidence.subject_id == member.person_id, Evidence.detail == "security"
            )
        ):
            evidence.withdraw(session, row, actor=PORTAL, now=world.now, reason="Entered anew below.")
    with world.look() as session:
        person = session.get_one(Person, member.person_id)
    enter(world, person, 8000, course="security", attempt=1)
    world.let_in(member)
    enter(world, person, 7900, course="security", attempt=1)
    world.drain()
    assert world.status(member) == "suspended"


def test_the_same_result_twice_is_refused(world: World, jamie: Person) -> None:
    enter(world, jamie, 8500, attempt=1)
    with pytest.raises(Refused) as no:
        enter(world, jamie, 8500, attempt=1)
    assert no.value.reason is Reason.ALREADY_DONE
    assert len(results_of(world, jamie)) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"score": 10_500}, "score"),
        ({"score": -1}, "score"),
        ({"course": "no-such-course"}, "course"),
        ({"proof": None}, "proof"),
        ({"source": "import"}, "source"),
        ({"taken_at": datetime(2026, 12, 1)}, "taken_on"),
        ({"taken_at": datetime(1900, 1, 1)}, "taken_on"),
    ],
)
def test_nonsense_by_hand_is_refused_on_its_field_and_nothing_is_kept(
    world: World, jamie: Person, more: dict, field: str
) -> None:
    values = {"score": 8000} | more
    with pytest.raises(Refused) as no:
        enter(world, jamie, values.pop("score"), **values)
    assert (no.value.reason, no.value.field) == (Reason.BAD_INPUT, field)
    assert results_of(world, jamie) == []


def test_nobody_enters_or_confirms_an_own_result(world: World) -> None:
    trainer = world.staff(Role.TRAINER)
    with world.look() as session:
        oneself = session.get_one(Person, trainer.person_id)
    with pytest.raises(Refused) as no:
        enter(world, oneself, 9000, actor=trainer)
    assert no.value.reason is Reason.NOT_ALLOWED
    claimed = claim(world, oneself, 9000, actor=trainer)
    with world.change() as session, pytest.raises(Refused) as no:
        certificates.confirm(
            session,
            result=session.get_one(TrainingResult, claimed.id),
            actor=trainer,
            now=world.now,
            policy=world.policy,
        )
    assert no.value.reason in {Reason.SAME_PERSON, Reason.NOT_ALLOWED}


def test_an_end_user_enters_nothing_by_hand(world: World, jamie: Person) -> None:
    with pytest.raises(Refused) as no:
        enter(world, world.person(), 9000, actor=actor_for(world, jamie))
    assert no.value.reason is Reason.NOT_ALLOWED


def test_a_certificate_counts_once_it_is_confirmed(world: World, jamie: Person) -> None:
    claimed = claim(world, jamie, 8500)
    assert evidence_of(world, jamie) == []
    with world.change() as session:
        certificates.confirm(
            session,
            result=session.get_one(TrainingResult, claimed.id),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    assert evidence_of(world, jamie) == [(8500, True)]
    with world.change() as session, pytest.raises(Refused) as no:
        certificates.confirm(
            session,
            result=session.get_one(TrainingResult, claimed.id),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    assert no.value.reason is Reason.ILLEGAL_MOVE


def test_a_certificate_of_today_may_be_handed_in_before_noon(world: World, jamie: Person) -> None:
    world.now = datetime(2026, 11, 23, 14, 0)
    assert claim(world, jamie, 8500, taken_on=date(2026, 11, 23)).status == "claimed"
    with pytest.raises(Refused) as no:
        claim(world, world.person(), 8500, taken_on=date(2026, 11, 24))
    assert no.value.field == "taken_on"


def test_a_refused_certificate_gives_nothing_and_keeps_its_reason(world: World, jamie: Person) -> None:
    claimed = claim(world, jamie, 8500)
    with world.change() as session, pytest.raises(Refused):
        certificates.refuse(
            session, result=session.get_one(TrainingResult, claimed.id), reason=" ", actor=world.desk, now=world.now
        )
    with world.change() as session:
        certificates.refuse(
            session,
            result=session.get_one(TrainingResult, claimed.id),
            reason="It is for another course.",
            actor=world.desk,
            now=world.now,
        )
    assert evidence_of(world, jamie) == []
    assert results_of(world, jamie) == [(1, 8500, "refused")]


def test_the_same_certificate_twice_is_refused(world: World, jamie: Person) -> None:
    first = actor_for(world, jamie)
    claim(world, jamie, 8500, actor=first)
    with pytest.raises(Refused) as no:
        claim(world, jamie, 8500, actor=first)
    assert no.value.reason is Reason.ALREADY_DONE


def test_an_agency_admin_hands_in_for_the_own_people_only(world: World, jamie: Person) -> None:
    home, other = world.agency(licences_=0), world.agency(licences_=0)
    world.member(home, jamie)
    own = world.actor(world.member(home, None, Role.AGENCY_ADMIN))
    foreign = world.actor(world.member(other, None, Role.AGENCY_ADMIN))
    with pytest.raises(Refused) as no:
        claim(world, jamie, 8500, actor=foreign)
    assert no.value.reason is Reason.NOT_ALLOWED
    claimed = claim(world, jamie, 8500, actor=own)
    with world.look() as session:
        seen = (
            permissions.visible(own, Action.TRAINING_CLAIM, TrainingResult),
            permissions.visible(foreign, Action.TRAINING_CLAIM, TrainingResult),
        )
        assert [session.scalar(select(TrainingResult.id).where(where)) for where in seen] == [claimed.id, None]


def test_who_handed_a_certificate_in_does_not_confirm_it(world: World, jamie: Person) -> None:
    agency = world.agency(licences_=0)
    world.member(agency, jamie)
    both = world.member(agency, None, Role.AGENCY_ADMIN)
    with world.look() as session:
        person = session.get_one(Person, both.person_id)
        lead = session.get_one(type(agency), 0)
    world.member(lead, person, Role.HELP_DESK)
    actor = world.actor(both)
    claimed = claim(world, jamie, 8500, actor=actor)
    with world.change() as session, pytest.raises(Refused) as no:
        certificates.confirm(
            session, result=session.get_one(TrainingResult, claimed.id), actor=actor, now=world.now, policy=world.policy
        )
    assert no.value.reason is Reason.SAME_PERSON


def test_passing_the_course_again_ends_the_retraining_and_failing_does_not(world: World, jamie: Person) -> None:
    world.record(Kind.RETRAINING, About.PERSON, jamie.id, detail="hmis-basics", valid_from=date(2026, 11, 10))
    enter(world, jamie, 7999, taken_at=TAKEN)

    def open_retraining() -> list[date]:
        with world.look() as session:
            rows = session.scalars(
                select(Evidence).where(Evidence.kind == Kind.RETRAINING, Evidence.withdrawn_at == datetime.max)
            )
            return [row.valid_until for row in rows]

    assert open_retraining() == [date.max]
    enter(world, jamie, 9000, taken_at=TAKEN - timedelta(days=30))  # before it was ordered
    assert open_retraining() == [date.max]
    enter(world, jamie, 8000, taken_at=TAKEN + timedelta(hours=2))
    assert open_retraining() == [date(2026, 11, 19)]


# --- the tray --------------------------------------------------------------------------------------------------------


def waiting(
    world: World,
    *,
    uid: str = "e-1042",
    learner: str = "Jamie Sampel",
    score: int = 9000,
    course: str = "security",
    taken_at: datetime = TAKEN,
) -> TrainingResult:
    with world.change() as session:
        row = TrainingResult(
            person_id=None,
            course=course,
            score=score,
            score_as_written="90",
            taken_at=taken_at,
            attempt=1,
            source="import",
            learner=learner,
            learner_email="",
            learner_uid=uid,
            fingerprint=f"{uid}{course}{score}{taken_at}"[:64],
            entered_by=world.desk.person_id,
            entered_at=world.now,
        )
        session.add(row)
        session.flush()
        transition(session, row, "unmatch", actor=world.desk, now=world.now)
        return row


def matched(world: World, row: TrainingResult, person: Person, actor=None) -> int:
    with world.change() as session:
        return len(
            training_tray.match(
                session,
                result=session.get_one(TrainingResult, row.id),
                person=session.get_one(Person, person.id),
                actor=actor or world.desk,
                now=world.now,
                policy=world.policy,
            )
        )


def test_one_match_brings_all_results_of_that_learner_and_the_id_is_remembered(world: World, jamie: Person) -> None:
    first = waiting(world)
    waiting(world, course="hmis-basics")
    waiting(world, uid="e-9999")
    assert matched(world, first, jamie) == 2
    assert evidence_of(world, jamie) == [(9000, True), (9000, True)]
    with world.look() as session:
        assert session.get_one(Person, jamie.id).lms_uid == "e-1042"
        assert session.scalars(
            select(TrainingResult.learner_uid).where(TrainingResult.status == "unmatched")
        ).all() == ["e-9999"]


def test_an_id_belongs_to_one_person(world: World, jamie: Person) -> None:
    matched(world, waiting(world), jamie)
    with pytest.raises(Refused) as no:
        matched(world, waiting(world, course="hmis-basics"), world.person("Robin"))
    assert no.value.reason is Reason.CONFLICT
    assert "Jamie Sample" in no.value.sentence


def test_nobody_matches_a_result_to_oneself(world: World) -> None:
    trainer = world.staff(Role.TRAINER)
    with world.look() as session:
        oneself = session.get_one(Person, trainer.person_id)
    with pytest.raises(Refused) as no:
        matched(world, waiting(world), oneself, trainer)
    assert no.value.reason is Reason.NOT_ALLOWED


def test_names_are_suggested_and_nothing_is_matched_by_them(world: World, jamie: Person) -> None:
    robin = world.person("Robin", "Other")
    row = waiting(world, learner="Sample, Jamie")
    with world.look() as session:
        offered = training_tray.suggestions(session, [session.get_one(TrainingResult, row.id)])
        assert offered[row.id][0].id == jamie.id
        assert robin.id not in {person.id for person in offered[row.id]}
        assert session.get_one(TrainingResult, row.id).status == "unmatched"
