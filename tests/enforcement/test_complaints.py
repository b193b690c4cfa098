"""Complaints (A19): received, reviewed and answered by an Agency; one of them becomes an incident with its timeline."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from portal.services.security.incidents import complaints
from tests.enforcement.incidents_world import Incidents, complain, refusal, said
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from workflows.vocabulary import Reason


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def made(world: World) -> Incidents:
    return Incidents(world)


def test_a_complaint_is_reviewed_and_answered_by_the_agency(world: World, made: Incidents) -> None:
    agency = world.agency()
    officer, director = admin_of(world, agency), director_of(world, agency)
    row = complain(made, agency, officer)
    assert (row.reference, row.answer_due) == (f"C-2026-{row.id:04d}", world.today + timedelta(30))
    made.act(complaints.review, row, actor=director, note="Looked at the front door.")
    made.act(complaints.answer, row, actor=officer, text="It hangs there again.")
    kept = made.read(row)
    assert (kept.status, kept.answer, kept.answered_by) == ("answered", "It hangs there again.", officer.person_id)
    assert refusal(complain, made, agency, officer, from_whom="Client Maria Sample") == (Reason.BAD_INPUT, "from_whom")
    elsewhere = admin_of(world, world.agency())
    assert refusal(complain, made, agency, elsewhere)[0] is Reason.NOT_ALLOWED
    assert (
        refusal(made.act, complaints.raise_it, row, actor=elsewhere, reason="No.", policy=world.policy)[0]
        is Reason.NOT_ALLOWED
    )


def test_a_complaint_becomes_an_incident_with_its_timeline(world: World, made: Incidents) -> None:
    agency = world.agency()
    row = complain(made, agency, admin_of(world, agency))
    assert refusal(made.triage, row)[0] is Reason.CONFLICT
    made.act(
        complaints.raise_it, row, actor=admin_of(world, agency), reason="Somebody took pictures.", policy=world.policy
    )
    kept = made.read(row)
    assert (kept.nature, kept.status, kept.reference) == ("incident", "reported", f"I-2026-{row.id:04d}")
    made.triage(row, agency_id=agency.id)
    assert said(world, row)[0] == "Complaint entered."
    assert (
        refusal(made.act, complaints.answer, row, actor=admin_of(world, agency), text="Answered.")[0]
        is Reason.ILLEGAL_MOVE
    )
