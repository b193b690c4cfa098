"""Incidents (S2, S4): triaged once, investigated by another, everybody told in time, concluded with what is put right."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.models import CorrectiveAction, Incident, IncidentEntry, IncidentStep, Membership
from portal.refusals import Refused
from portal.services.security.incidents import (
    incident_chain,
    incident_ending,
    incident_people,
    incident_timeline,
    incident_triage,
)
from portal.services.security.incidents.incident_ending import Correction
from tests.enforcement.incidents_world import Incidents, mails, refusal, said
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def made(world: World) -> Incidents:
    return Incidents(world)


# --- triage


def test_triage_grades_it_and_starts_the_clocks_of_those_it_calls_for(world: World, made: Incidents) -> None:
    row, _ = made.report()
    made.triage(row)
    kept = made.read(row)
    assert (kept.status, kept.category, kept.severity, kept.triaged_by) == (
        "triaged",
        "security",
        "major",
        made.guard.person_id,
    )
    with world.look() as session:
        steps = {step.step: step for step in incident_chain.steps(session, kept)}
    assert set(steps) == {"agency_officer", "agency_director", "lead_director"}
    assert steps["lead_director"].due_at == world.now.replace(day=24)  # eight business hours from ten on Monday
    made.act(incident_triage.correct, row, facts=made.facts(severity="severe", affected=3), policy=world.policy)
    with world.look() as session:
        steps = {step.step: step for step in incident_chain.steps(session, kept)}
        assert incident_chain.waiting(session, until=world.now + timedelta(days=30))[0] == 5
    assert steps["hud"].mandatory
    assert steps["hud"].due_at == world.now + timedelta(hours=72)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"severity": "minor"}, "severity"),
        ({"severity": "grave"}, "severity"),
        ({"kind": "nonsense"}, "kind"),
        ({"title": ""}, "title"),
        ({"title": "Client Maria Sample was looked up"}, "title"),
        ({"agency_id": 4711}, "agency"),
        ({"elements": ("shoe_size",)}, "elements"),
    ],
)
def test_nonsense_is_refused_by_its_field_and_nothing_is_triaged(
    world: World, made: Incidents, change: dict, field: str
) -> None:
    row, _ = made.report()
    assert refusal(made.triage, row, **change) == (Reason.BAD_INPUT, field)
    assert made.read(row).status == "reported"
    assert world.count(IncidentStep) == 0


def test_of_two_who_triage_at_once_the_second_is_told(world: World, made: Incidents) -> None:
    row, _ = made.report()
    others = [made.guard, world.staff(Role.LEAD_SECURITY), world.admin]
    barrier, outcomes = threading.Barrier(len(others)), []

    def go(actor) -> None:
        barrier.wait()
        try:
            made.triage(row, actor)
            outcomes.append("done")
        except Refused as no:
            outcomes.append(no.reason)

    threads = [threading.Thread(target=go, args=(actor,)) for actor in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["done", "illegal_move", "illegal_move"]
    assert world.count(IncidentStep) == 3


def test_whoever_reported_it_or_is_involved_does_not_investigate_it(world: World, made: Incidents) -> None:
    second = world.staff(Role.LEAD_SECURITY)
    row, _ = made.report(made.guard)
    made.triage(row)
    assert refusal(made.assign, row, made.guard) == (Reason.SAME_PERSON, "person")
    with world.look() as session:
        member = session.scalars(select(Membership).where(Membership.person_id == second.person_id)).one()
    made.name(row, member)
    assert refusal(made.assign, row, second) == (Reason.SAME_PERSON, "person")
    assert refusal(made.assign, row, world.desk) == (Reason.BAD_INPUT, "person")
    made.assign(row, world.admin)
    assert made.read(row).investigator_id == world.admin.person_id
    assert refusal(made.act, incident_timeline.note, row, actor=second, text="It was not so.")[0] is Reason.NOT_ALLOWED


def test_what_is_set_aside_can_be_taken_up(world: World, made: Incidents) -> None:
    row, _ = made.report()
    assert refusal(made.act, incident_triage.set_aside, row, reason=" ") == (Reason.BAD_INPUT, "reason")
    made.act(incident_triage.set_aside, row, reason="The same as the one before.")
    assert refusal(made.triage, row)[0] is Reason.ILLEGAL_MOVE
    made.act(incident_triage.take_up, row, reason="It is another desk.")
    made.triage(row)


# --- people involved


def test_the_last_training_is_shown_as_it_was_then(world: World, made: Incidents) -> None:
    member = world.member(agency := world.agency())
    for day, score in ((100, 9000), (40, 7900), (5, 9500)):
        world.record(
            Kind.TRAINING,
            About.PERSON,
            member.person_id,
            detail="security",
            value=score,
            valid_from=world.today - timedelta(day),
        )
    row = made.investigated(agency, member, occurred_on=world.today - timedelta(20))
    with world.look() as session:
        people = incident_people.of(session, row)
        found = incident_people.trained(session, made.read(row), people, policy=world.policy)
    last = found[member.person_id]
    assert (last.on, last.score, last.passed) == (world.today - timedelta(40), 7900, False)


def test_somebody_accused_learns_what_is_asked_and_never_who_reported(world: World, made: Incidents) -> None:
    agency = world.agency()
    accused, colleague = world.member(agency), world.member(agency)
    row = made.investigated(agency, accused)
    who, other = world.actor(accused), world.actor(colleague)
    with world.look() as session:
        [named] = incident_people.of(session, row)
        assert incident_people.about_me(session, actor=who) == []
    assert refusal(made.act, incident_people.answer, named, actor=who, text="I was away.")[0] is Reason.NOT_ALLOWED
    made.act(incident_people.open_to, named, asked="Who else knew your password?")
    assert mails(world, "incident_asked") == {accused.person_id}
    assert refusal(made.act, incident_people.answer, named, actor=other, text="Nobody.")[0] is Reason.NOT_ALLOWED
    made.act(incident_people.answer, named, actor=who, text="Nobody that I know.")
    assert refusal(made.act, incident_people.answer, named, actor=who, text="Wait.")[0] is Reason.ALREADY_DONE
    assert f"{who.name} answers: Nobody that I know." in said(world, row)
    with world.look() as session:
        [mine] = incident_people.about_me(session, actor=who)
        assert mine.asked == "Who else knew your password?"
        assert incident_people.about_me(session, actor=other) == []


def test_an_answer_is_redacted_wherever_it_stands(world: World, made: Incidents) -> None:
    accused = world.member(agency := world.agency())
    row = made.investigated(agency, accused)
    with world.look() as session:
        [named] = incident_people.of(session, row)
    made.act(incident_people.open_to, named, asked="What was on the screen?")
    made.act(incident_people.answer, named, actor=world.actor(accused), text="Client Maria Sample was.")
    with world.look() as session:
        entry = session.scalars(select(IncidentEntry).where(IncidentEntry.to_redact)).one()
    with world.change() as session:
        incident_timeline.redact(
            session, session.get_one(Incident, row.id), entry=session.get_one(IncidentEntry, entry.id), text="It was a client.",
            actor=made.guard, now=world.now,
        )  # fmt: skip
    with world.look() as session:
        [after] = incident_people.of(session, row)
        everything = after.answer + "".join(session.scalars(select(IncidentEntry.text)))
    assert "Maria" not in everything


# --- the chain


def test_a_step_is_marked_with_who_was_told_once(world: World, made: Incidents) -> None:
    row, _ = made.report()
    made.triage(row)
    with world.look() as session:
        step = incident_chain.steps(session, row)[0]
        assert incident_chain.waiting(session, until=world.now) == (0, None)
    world.now += timedelta(days=2)
    with world.look() as session:
        assert incident_chain.waiting(session, until=world.now)[0] == 3
    for told, words, field in (("", "By telephone.", "told"), ("The director", " ", "words")):
        assert refusal(made.act, incident_chain.done, step, told=told, words=words) == (Reason.BAD_INPUT, field)
    made.act(incident_chain.done, step, told="The director", words="By telephone, in full.")
    assert refusal(made.act, incident_chain.done, step, told="The director", words="Again.")[0] is Reason.ALREADY_DONE
    assert "The director was told (late). By telephone, in full." in said(world, row)[-1]
    with world.look() as session:
        assert incident_chain.waiting(session, until=world.now)[0] == 2


# --- the end of it


def conclude(made: Incidents, row: Incident, finding: str = "found", *corrections: Correction, **more) -> None:
    more.setdefault("conclusion", "Both used one user ID for a month.")
    made.act(incident_ending.conclude, row, finding=finding, corrections=corrections, policy=made.world.policy, **more)


def test_a_finding_comes_with_what_is_put_right(world: World, made: Incidents) -> None:
    member = world.member(agency := world.agency())
    row = made.investigated(agency, member)
    assert refusal(conclude, made, row) == (Reason.BAD_INPUT, "wrong")
    assert refusal(conclude, made, row, "maybe") == (Reason.BAD_INPUT, "finding")
    assert made.read(row).status == "investigating"
    fix = Correction(wrong="One user ID for two people.", doing="A license for each.", due=world.today + timedelta(30))
    conclude(made, row, "found", fix)
    kept = made.read(row)
    assert (kept.status, kept.finding, kept.concluded_by) == ("concluded", "found", made.guard.person_id)
    with world.look() as session:
        action = session.scalars(select(CorrectiveAction)).one()
        assert (action.agency_id, action.incident_id, action.source) == (agency.id, row.id, "incident")


def test_only_the_investigator_concludes(world: World, made: Incidents) -> None:
    row = made.investigated(world.agency())
    assert refusal(conclude, made, row, "not_found", actor=world.admin)[0] is Reason.NOT_ALLOWED
    conclude(made, row, "not_found")


def test_it_is_closed_when_everybody_was_told_and_can_be_opened_again(world: World, made: Incidents) -> None:
    row = made.investigated(world.agency())
    conclude(made, row, "not_found")
    assert refusal(made.act, incident_ending.close, row, reason="Nothing is left.") == (Reason.CONFLICT, "reason")
    with world.look() as session:
        steps = incident_chain.steps(session, row)
    for step in steps:
        made.act(incident_chain.done, step, told="The office", words="By telephone.")
    made.act(incident_ending.close, row, reason="Nothing is left.")
    assert made.read(row).status == "closed"
    made.act(incident_ending.reopen, row, reason="It happened again.")
    kept = made.read(row)
    assert (kept.status, kept.finding, kept.conclusion, kept.closed_at) == ("investigating", "", "", None)
    assert "The conclusion of before: Both used one user ID for a month." in said(world, row)


# --- the database


@pytest.mark.parametrize(
    "change",
    [
        "severity = 'minor'",
        "investigator_id = reporter_id",
        "affected = -1",
        "finding = 'found'",
        "status = 'concluded'",
        "status = 'answered'",
        "nature = 'complaint'",
        "status = 'wished'",
        "triaged_at = NULL",
    ],
)
def test_the_database_refuses_it_too(world: World, made: Incidents, change: str) -> None:
    row, _ = made.report(world.desk)
    made.triage(row)
    with pytest.raises(DBAPIError), world.change() as session:
        session.execute(text(f"UPDATE incident SET {change} WHERE id = :id"), {"id": row.id})


@pytest.mark.parametrize("table", ["incident", "incident_entry", "incident_file"])
def test_nothing_of_it_is_ever_removed(world: World, made: Incidents, table: str) -> None:
    row, _ = made.report()
    with world.change() as session:
        session.execute(text(
            "INSERT INTO stored_file (id, sha256, media_type, size, pages, name, stored_at) "
            "VALUES (900, 'd', 'application/pdf', 1, 1, 'd.pdf', :now)"), {"now": world.now})  # fmt: skip
        session.execute(text(
            "INSERT INTO incident_file (incident_id, file_id, what, added_at) VALUES (:id, 900, 'A letter', :now)"),
            {"id": row.id, "now": world.now})  # fmt: skip
    with pytest.raises(DBAPIError, match="never removed"), world.change() as session:
        session.execute(text(f"DELETE FROM {table}"))
