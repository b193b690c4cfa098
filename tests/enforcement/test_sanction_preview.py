"""'What will happen' is what happens: for every measure and whomever it is about, name by name."""

import pytest
from sqlalchemy import Engine, select

from portal.models import Evidence, Grant, Membership, Person, Sanction, Seat, WebSession
from portal.services.account import sessions
from portal.services.security.sanctions import sanction_preview, sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from portal.services.security.sanctions.sanction_preview import Happens
from tests.enforcement.sanctioning import Bench
from tests.web.browsing import statements
from workflows.vocabulary import About, Kind

MEASURES = {
    "reprimand": Measure(measure="reprimand"),
    "training": Measure(measure="training", course="hmis-basics"),
    "penalty": Measure(measure="penalty", amount_cents=100, due_on=None),
    "suspension": Measure(measure="suspension", days=3),
    "revocation": Measure(measure="revocation"),
    "referral": Measure(measure="referral", referred_to="The District Attorney"),
}


@pytest.fixture
def bench(engine: Engine) -> Bench:
    return Bench.on(engine)


def place(bench: Bench) -> tuple[Membership, Membership, list[Membership]]:
    """Somebody at two Agencies, and colleagues: one with access, one closed for another reason, one who waits, one with nothing."""
    world = bench.world
    agency, other = world.agency(), world.agency()
    here = world.ready(agency)
    with world.look() as session:
        who = session.get_one(Person, here.person_id)
    there, colleague, closed = world.ready(other, who), world.ready(agency), world.ready(agency)
    world.drain()
    world.record(Kind.SANCTION, About.MEMBERSHIP, closed.id, detail="suspension", valid_from=world.today)
    waits = world.ready(agency)
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, waits.id)
    nothing = world.member(agency)
    world.drain()
    with world.change() as session:
        for _ in range(2):
            sessions.start_session(
                session, person=session.get_one(Person, who.id), via="password", actor=world.desk, now=world.now
            )
        person = session.get_one(Person, colleague.person_id)
        sessions.start_session(session, person=person, via="password", actor=world.desk, now=world.now)
    return here, there, [colleague, closed, waits, nothing]


def seen(bench: Bench) -> dict[str, set]:
    """Everything a sanction could touch, as it is."""
    with bench.world.look() as session:
        return {
            "live": set(session.scalars(select(Grant.membership_id).where(Grant.status == "live"))),
            "suspended": set(session.scalars(select(Grant.membership_id).where(Grant.status == "suspended"))),
            "sessions": set(session.execute(select(WebSession.id, WebSession.person_id).where(WebSession.ended_at.is_(None)))),
            "seats": set(session.execute(select(Seat.id, Seat.status))),
            "devices": set(session.scalars(select(Evidence.id).where(Evidence.kind == Kind.DEVICE_AUTHORISED, Evidence.withdrawn_at > bench.world.now))),
        }  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "about"),
    [
        (measure, about)
        for measure in sorted(MEASURES)
        for about in ("agency", "person", "membership")
        if measure != "training" or about == "person"
    ],
)
def test_what_was_said_beforehand_is_what_happens(bench: Bench, measure: str, about: str) -> None:
    here, there, others = place(bench)
    with bench.world.look() as session:
        member = session.get_one(Membership, here.id)
        subject = {
            "agency": sanctions.of_agency(member.agency), "person": sanctions.of_person(member), "membership": sanctions.of_membership(member),
        }[about]  # fmt: skip
    given = MEASURES[measure]
    if measure == "penalty":
        given = Measure(measure="penalty", amount_cents=100, due_on=bench.world.today)
    row = bench.draft(subject, given)
    said = happens(bench, row)
    before = seen(bench)
    bench.decide(row)
    bench.world.drain()
    after = seen(bench)
    closing = {access.membership_id for access in said.closing}
    assert before["live"] - after["live"] == closing
    assert after["suspended"] - before["suspended"] == closing
    gone = before["sessions"] - after["sessions"]
    assert len(gone) == sum(count for _, count in said.signed_out)
    assert {person_id for _, person_id in gone} <= {here.person_id}
    assert (after["seats"], after["devices"]) == (before["seats"], before["devices"])
    assert {access.membership_id for access in said.elsewhere} <= after["live"]
    expected = {
        "agency": {here.id, others[0].id}, "person": {here.id, there.id}, "membership": {here.id},
    }[about] if measure in ("training", "suspension", "revocation") else set()  # fmt: skip
    assert closing == expected
    if expected and about == "agency":
        assert [access.membership_id for access in said.closed] == [others[1].id]
        assert [member for member, _, _ in said.waiting] == [others[2].id]
        assert said.seats == 3 and len(said.devices) == 4


def happens(bench: Bench, row: Sanction) -> Happens:
    with bench.world.look() as session:
        there = session.get_one(Sanction, row.id)
        return sanction_preview.what_happens(session, there, now=bench.world.now, policy=bench.world.policy)


def test_it_costs_the_same_for_one_as_for_many(bench: Bench) -> None:
    agency, counts = bench.world.agency(licences_=20), []
    bench.world.ready(agency)
    bench.world.drain()
    row = bench.draft(sanctions.of_agency(agency), MEASURES["revocation"], violation="agreement")
    for _ in range(2):
        with bench.world.look() as session, statements(bench.world.engine) as few:
            there = session.get_one(Sanction, row.id)
            found = sanction_preview.what_happens(session, there, now=bench.world.now, policy=bench.world.policy)
        counts.append((len(few), len(found.closing)))
        for _ in range(6):
            bench.world.ready(agency)
        bench.world.drain()
    assert counts[0][0] == counts[1][0] and (counts[0][1], counts[1][1]) == (1, 7)
