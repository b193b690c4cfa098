"""Files of quiz results: found by address or id, the same file twice, corrections, the tray, all or nothing."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.actors import operator
from portal.models import AuditEntry, Evidence, Person, TrainingResult
from portal.refusals import Refused
from portal.services.desk import import_training, training_tray
from portal.services.desk.import_report import Report
from portal.services.paperwork import Scan
from portal.services.people import attempts, training
from tests.services.world import World
from workflows.vocabulary import Kind, Reason, Role

HEADER = "email,course,score,max_score,taken_at,attempt\n"
BRIDGE = Path(__file__).parents[1] / "data" / "bridge-program-export.csv"


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def ada(world: World) -> Person:
    return named(world, "Ada", "ada@example.org")


def named(world: World, first: str, email: str) -> Person:
    with world.change() as session:
        person = Person(first_name=first, last_name="Sample", email=email, email_key=email, named_at=world.now)
        session.add(person)
    return person


def plain(*rows: str) -> bytes:
    return (HEADER + "\n".join(rows) + "\n").encode()


def bring(world: World, data: bytes, *, actor=None, **more) -> Report:
    with world.change() as session:
        return import_training.import_file(
            session, data, "results.csv", actor=actor or world.desk, now=world.now, policy=world.policy, **more
        )


def bridge(*rows: str) -> bytes:
    return ("learner,UID,program,course,score,due,completed,status\n" + "\n".join(rows) + "\n").encode()


def scores(world: World, person: Person) -> list[int]:
    """The scores that count for a person, in order."""
    with world.look() as session:
        query = select(Evidence.value).where(
            Evidence.kind == Kind.TRAINING, Evidence.subject_id == person.id, Evidence.withdrawn_at == datetime.max
        )
        return list(session.scalars(query.order_by(Evidence.id)))


def test_results_are_found_by_address_and_courses_by_title_or_id(world: World, ada: Person) -> None:
    report = bring(
        world,
        plain(
            "Ada@Example.org,HMIS end user training,85.5,,2026-11-20,1", "ada@example.org,security,9,10,2026-11-20,1"
        ),
    )
    assert report.counts["recorded"] == 2
    assert scores(world, ada) == [8550, 9000]


def test_the_same_import_twice_changes_nothing_and_says_so(world: World, ada: Person) -> None:
    data = plain("ada@example.org,security,90,,2026-11-20,1", "ben@example.org,security,91,,2026-11-20,1")
    bring(world, data)
    before = world.count(AuditEntry)
    again = bring(world, data)
    assert (again.counts["already on record"], again.counts["recorded"], again.counts["waiting to be matched"]) == (
        2,
        0,
        0,
    )
    assert "on record already" in " ".join(again.lines())
    assert not again.changes
    assert world.count(TrainingResult) == 2
    assert world.count(AuditEntry) == before
    bring(world, plain("ADA@example.org,Security Awareness Training,90.0,,11/20/2026,1"))  # the same, written otherwise
    assert scores(world, ada) == [9000]


def test_a_corrected_score_withdraws_and_records_anew(world: World, ada: Person) -> None:
    bring(world, plain("ada@example.org,security,85,,2026-11-20,1"))
    report = bring(world, plain("ada@example.org,security,79,,2026-11-20,1"))
    assert (report.counts["corrected"], report.counts["recorded"]) == (1, 0)
    assert scores(world, ada) == [7900]
    bring(
        world, plain("ada@example.org,security,85,,2026-11-20,1")
    )  # the old file once more does not bring the old score back
    assert scores(world, ada) == [7900]


def test_another_attempt_is_another_result(world: World, ada: Person) -> None:
    bring(
        world,
        plain(
            "ada@example.org,security,60,,2026-11-19,1",
            "ada@example.org,security,79.999,,2026-11-20,2",
            "ada@example.org,security,80,,2026-11-20,3",
        ),
    )
    assert scores(world, ada) == [6000, 7999, 8000]


def test_two_scores_for_one_attempt_in_one_file_are_refused(world: World, ada: Person) -> None:
    report = bring(
        world, plain("ada@example.org,security,70,,2026-11-20,1", "ada@example.org,security,90,,2026-11-20,1")
    )
    assert report.refused
    assert scores(world, ada) == []
    assert [(problem.line, problem.rule) for problem in report.errors] == [(3, "contradiction")]


def test_one_bad_row_refuses_all_unless_skipped(world: World, ada: Person) -> None:
    data = plain(
        "ada@example.org,security,90,,2026-11-20,1",
        "ada@example.org,hmis-basics,105,,2026-11-20,1",
        "ada@example.org,Pottery,90,,2026-11-20,1",
    )
    report = bring(world, data)
    assert report.refused and scores(world, ada) == []
    assert [(problem.line, problem.column) for problem in report.errors] == [(3, "score"), (4, "course")]
    assert "Pottery" in report.csv() and "HMIS end user training" in report.csv()
    partly = bring(world, data, skip_bad=True)
    assert not partly.refused and partly.counts["left out"] == 2
    assert scores(world, ada) == [9000]


def test_a_trial_writes_nothing(world: World, ada: Person) -> None:
    report = bring(world, plain("ada@example.org,security,90,,2026-11-20,1"), dry_run=True)
    assert report.counts["recorded"] == 1
    assert report.changes
    assert world.count(TrainingResult) == 0
    assert "trial" in report.lines()[0]


def test_a_stranger_waits_in_the_tray_and_is_known_the_next_time(world: World) -> None:
    ben = named(world, "Ben", "ben@example.org")
    report = bring(world, bridge("Ben Sample,E-1042,New,Security awareness training,100,2026-11-30,2026-11-20,early"))
    assert report.counts["waiting to be matched"] == 1
    assert scores(world, ben) == []  # the name is the same, and nobody is matched by a name
    with world.change() as session:
        row = session.scalars(select(TrainingResult)).one()
        assert (row.status, row.learner_uid) == ("unmatched", "e-1042")
        training_tray.match(
            session,
            result=row,
            person=session.get_one(Person, ben.id),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    bring(world, bridge("Ben Sample,e-1042,New,HMIS end user training,88,2026-11-30,2026-11-21,early"))
    assert scores(world, ben) == [10000, 8800]


def test_address_and_id_of_two_people_are_left_to_a_person(world: World, ada: Person) -> None:
    ben = named(world, "Ben", "ben@example.org")
    with world.change() as session:
        session.get_one(Person, ben.id).lms_uid = "ada@example.org"
    report = bring(world, bridge("Ada Sample,ada@example.org,New,security,100,2026-11-30,2026-11-20,early"))
    assert report.counts["waiting to be matched"] == 1
    with world.look() as session:
        assert "Ada Sample's" in session.scalars(select(TrainingResult.flag)).one()


def test_what_was_entered_by_hand_is_not_doubled_by_the_file(world: World, ada: Person) -> None:
    with world.change() as session:
        person = session.get_one(Person, ada.id)
        proof = attempts.keep_file(
            session,
            Scan("b" * 64, "application/pdf", 9, 1, "sheet.pdf"),
            person=person,
            actor=world.desk,
            now=world.now,
        )
        training.record_result(
            session,
            person=person,
            course="security",
            score=9000,
            score_as_written="90",
            taken_at=datetime(2026, 11, 20, 17),
            attempt=None,
            source="session",
            proof=proof,
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    assert bring(world, plain("ada@example.org,security,90,,2026-11-20T09:30,7")).counts["already on record"] == 1
    assert scores(world, ada) == [9000]


def test_the_importers_own_results_are_left_out(world: World) -> None:
    trainer = world.staff(Role.TRAINER)
    with world.look() as session:
        email = session.get_one(Person, trainer.person_id).email
    report = bring(world, plain(f"{email},security,100,,2026-11-20,1"), actor=trainer)
    assert not report.refused
    assert report.counts["left out"] == 1
    assert world.count(TrainingResult) == 0


def test_only_those_who_teach_import(world: World) -> None:
    member = world.actor(world.member(world.agency(licences_=0), None, Role.AGENCY_ADMIN))
    with pytest.raises(Refused) as no:
        bring(world, plain("ada@example.org,security,100,,2026-11-20,1"), actor=member)
    assert no.value.reason is Reason.NOT_ALLOWED
    assert (
        bring(world, plain("ada@example.org,security,100,,2026-11-20,1"), actor=operator("tester")).counts[
            "waiting to be matched"
        ]
        == 1
    )


def test_a_wrong_file_is_one_clear_sentence(world: World) -> None:
    report = bring(world, b"name,points\nAda,90\n")
    assert report.refused
    assert len(report.errors) == 1
    assert "expected" in report.errors[0].sentence


def test_bridges_own_export_comes_in(world: World, ada: Person) -> None:
    content = (
        BRIDGE.read_bytes()
        .replace(b"HMIS Basics", b"hmis-basics")
        .replace(b"Security Awareness", b"Security awareness training")
    )
    report = bring(world, content)
    assert not report.refused, report.lines()
    assert scores(world, ada) == [7999, 8000]
    assert report.counts["waiting to be matched"] == 2


def test_both_databases_import_correct_and_match(each_engine: Engine) -> None:
    world = World(each_engine)
    ada, ben = named(world, "Ada", "ada@example.org"), named(world, "Ben", "ben@example.org")
    bring(world, plain("ada@example.org,security,85,,2026-11-20,1", "b@example.org,security,90,,2026-11-20,1"))
    report = bring(world, plain("ada@example.org,security,79,,2026-11-20,1", "b@example.org,security,90,,2026-11-20,1"))
    assert (report.counts["corrected"], report.counts["already on record"]) == (1, 1)
    with world.change() as session:
        row = session.scalars(select(TrainingResult).where(TrainingResult.status == "unmatched")).one()
        training_tray.match(
            session,
            result=row,
            person=session.get_one(Person, ben.id),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    assert (scores(world, ada), scores(world, ben)) == ([7900], [9000])
