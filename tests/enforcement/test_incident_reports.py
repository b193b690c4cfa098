"""Reports of incidents: with a name or without, by a link of the reporter's own, so many and no more, redacted for good."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import AuditEntry, Incident, IncidentEntry
from portal.refusals import Refused
from portal.services.security.incidents import incident_reports, incident_timeline
from tests.enforcement.incidents_world import SAID, Incidents, mails, refusal
from tests.services.world import World
from workflows.vocabulary import Reason


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def made(world: World) -> Incidents:
    return Incidents(world)


def test_a_report_without_a_name_leaves_no_trace_of_who_it_was(world: World, made: Incidents) -> None:
    user = world.actor(world.member(world.agency()))
    row, token = made.report(user, named=False)
    assert (row.reporter_id, row.reference) == (None, f"I-2026-{row.id:04d}")
    with world.look() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "incident.report")).one()
        assert (entry.actor_id, entry.address, entry.via) == (None, "", "nobody")
        assert SAID not in entry.said
        assert session.scalars(select(IncidentEntry.by_id)).all() == [None]
    assert mails(world, "incident_reported") == {made.guard.person_id}
    assert len(token) > 30
    assert token not in str(made.read(row).__dict__)


def test_a_reporter_who_is_named_sees_the_own_report_and_nobody_elses(world: World, made: Incidents) -> None:
    one, two = (world.actor(world.member(world.agency())) for _ in range(2))
    row, _ = made.report(one)
    made.report(two)
    with world.look() as session:
        assert [each.id for each in incident_reports.own(session, actor=one)] == [row.id]
    more = {"text": "It was again this morning.", "address": "203.0.113.9", "named": True, "policy": world.policy}
    made.act(incident_reports.add, row, actor=one, **more)
    assert refusal(made.act, incident_reports.add, row, actor=two, **more)[0] is Reason.NOT_ALLOWED
    with world.look() as session:
        assert [each.text for each in incident_reports.written(session, row)] == ["It was again this morning."]


def test_the_link_opens_the_report_as_often_as_it_is_used_and_no_other(world: World, made: Incidents) -> None:
    row, token = made.report()
    other, _ = made.report()
    with world.look() as session:
        for _ in range(2):
            envelope = world.keys.envelope(incident_reports.PURPOSE, [row.id, token])
            assert (
                incident_reports.by_link(session, keys=world.keys, envelope=envelope, policy=world.policy).id == row.id
            )
        for wrong in ([other.id, token], [row.id, token[:-1]], [row.id], "x", [str(row.id), token], [0, ""]):
            envelope = world.keys.envelope(incident_reports.PURPOSE, wrong)
            with pytest.raises(Refused, match="does not open a report"):
                incident_reports.by_link(session, keys=world.keys, envelope=envelope, policy=world.policy)
        with pytest.raises(Refused):
            incident_reports.by_link(
                session, keys=world.keys, envelope=world.keys.envelope("signing", [row.id, token]), policy=world.policy
            )


def test_so_many_reports_from_one_network_and_no_more(world: World, made: Incidents) -> None:
    for _ in range(world.policy.incidents.address_reports):
        made.report()
    assert refusal(made.report)[0] is Reason.CONFLICT
    assert world.count(Incident) == world.policy.incidents.address_reports
    world.now += timedelta(minutes=world.policy.incidents.address_minutes)
    made.report()


def test_a_report_of_tomorrow_and_an_empty_one_are_refused(world: World, made: Incidents) -> None:
    assert refusal(made.report, said=" \n ") == (Reason.BAD_INPUT, "said")
    assert refusal(made.report, occurred_on=world.today + timedelta(1)) == (Reason.BAD_INPUT, "occurred_on")
    assert world.count(Incident) == 0


def test_what_looks_like_a_clients_is_marked_and_redacted_for_good(world: World, made: Incidents) -> None:
    row, _ = made.report(said="Her number 123-45-6789 lay on the printer.")
    assert made.read(row).to_redact
    more = {"entry": None, "text": "Her number 123-45-6789 lay there."}
    assert refusal(made.act, incident_timeline.redact, row, **more) == (Reason.BAD_INPUT, "text")
    made.act(incident_timeline.redact, row, entry=None, text="A number lay on the printer.")
    assert (made.read(row).said, made.read(row).to_redact) == ("A number lay on the printer.", False)
    with world.look() as session:
        everything = str([[str(value) for value in entry.__dict__.values()] for entry in session.query(AuditEntry)])
        everything += str(session.scalars(select(IncidentEntry.text)).all())
    assert "123-45-6789" not in everything
