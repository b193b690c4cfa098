"""Appeals: by whom and until when, heard by a third person; upheld, changed or taken back, and what the gate says then."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.actors import Actor
from portal.models import Evidence, Membership
from portal.refusals import Refused
from portal.services.security.sanctions.sanction_measures import Measure
from tests.enforcement.sanctioning import Bench, access, person, whole
from tests.services.asking import admin_of, director_of
from workflows.policy import MAINE, load, text_of
from workflows.vocabulary import Kind, Reason, Role

THIRTY = Measure(measure="suspension", days=30)
DAY = timedelta(1)


@pytest.fixture
def bench(each_engine: Engine) -> Bench:
    return Bench.on(each_engine)


@pytest.fixture
def member(bench: Bench) -> Membership:
    made = bench.world.ready(bench.world.agency())
    bench.world.drain()
    return made


def status(bench: Bench, member: Membership) -> str:
    bench.world.drain()
    return bench.world.status(member)


def refusal(act, *args, **more) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def of(bench: Bench, member: Membership) -> Actor:
    return bench.world.actor(member)


def agency_of(bench: Bench, member: Membership):
    with bench.world.look() as session:
        return session.get_one(Membership, member.id).agency


def test_the_measure_stays_in_force_while_an_appeal_is_heard_and_after_it_was_upheld(
    bench: Bench, member: Membership
) -> None:
    row = bench.appeal(bench.sanction(person(member)), of(bench, member))
    assert (row.status, row.appealed_by, status(bench, member)) == ("appealed", member.person_id, "suspended")
    bench.hear(row, "upheld")
    kept = bench.read(row)
    assert (kept.status, kept.appeal_decided_by, status(bench, member)) == (
        "upheld",
        bench.hearer.person_id,
        "suspended",
    )
    assert refusal(bench.appeal, row, of(bench, member))[0] is Reason.CONFLICT
    bench.lift(row)
    assert status(bench, member) == "live"


def test_what_is_taken_back_was_never_right_and_counts_no_more(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    bench.world.now += timedelta(days=5)
    bench.appeal(row, of(bench, member))
    bench.hear(row, "lifted")
    assert status(bench, member) == "live"
    with bench.world.look() as session:
        held = session.scalars(select(Evidence).where(Evidence.kind == Kind.SANCTION)).all()
        assert [each.withdrawn_at for each in held] == [bench.world.now]
    assert bench.draft(person(member)).proposed == "suspension"  # as for a first one
    assert refusal(bench.lift, row)[0] is Reason.ILLEGAL_MOVE


def test_a_changed_suspension_counts_the_days_that_were_served(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member), THIRTY)
    bench.world.now += timedelta(days=4)
    bench.appeal(row, of(bench, member))
    new = bench.hear(row, "changed", measure=Measure(measure="suspension", days=6))
    assert (new.status, new.replaces_id, new.drafted_by, new.decided_by) == (
        "in_force", row.id, bench.officer.person_id, bench.hearer.person_id,
    )  # fmt: skip
    assert (new.first_day, new.last_day) == (row.first_day, row.first_day + 5 * DAY)
    assert (bench.read(row).status, status(bench, member)) == ("changed", "suspended")
    bench.world.now += timedelta(days=2)
    assert (status(bench, member), bench.read(new).status) == ("live", "expired")
    assert bench.read(row).status == "changed"
    assert refusal(bench.appeal, new, of(bench, member))[0] is Reason.CONFLICT


def test_a_change_to_what_closes_nobody_opens_and_to_what_it_is_already_is_refused(
    bench: Bench, member: Membership
) -> None:
    row = bench.appeal(bench.sanction(person(member), THIRTY), of(bench, member))
    assert refusal(bench.hear, row, "changed", measure=THIRTY) == (Reason.BAD_INPUT, "measure")
    auditor = bench.world.staff(Role.AUDITOR)
    bench.hear(row, "changed", auditor, measure=Measure(measure="reprimand"))
    assert status(bench, member) == "live"


def test_days_that_are_over_when_an_appeal_is_upheld_are_over(bench: Bench, member: Membership) -> None:
    row = bench.appeal(bench.sanction(person(member), Measure(measure="suspension", days=2)), of(bench, member))
    bench.world.now += timedelta(days=3)
    assert (status(bench, member), bench.read(row).status) == ("live", "appealed")
    bench.hear(row, "upheld")
    assert (status(bench, member), bench.read(row).status) == ("live", "expired")


def test_what_is_over_can_still_be_appealed_in_time(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member), Measure(measure="suspension", days=1))
    bench.world.now += timedelta(days=2)
    assert (status(bench, member), bench.read(row).status) == ("live", "expired")
    bench.appeal(row, of(bench, member))
    bench.hear(row, "lifted")
    assert bench.draft(person(member)).proposed == "suspension"


def test_an_appeal_has_its_time(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    assert row.appeal_by == bench.world.today + 30 * DAY
    bench.world.now += timedelta(days=30)
    bench.appeal(row, of(bench, member))
    other = bench.sanction(access(member))
    bench.world.now += timedelta(days=31)
    assert refusal(bench.appeal, other, of(bench, member))[0] is Reason.CONFLICT


def test_the_director_appeals_for_the_agency_and_its_people_and_nobody_else_does(
    bench: Bench, member: Membership
) -> None:
    agency = agency_of(bench, member)
    director = director_of(bench.world, agency)
    rows = [bench.sanction(whole(agency), violation="agreement"), bench.sanction(access(member))]
    colleague = bench.world.actor(bench.world.member(agency))
    elsewhere = director_of(bench.world, bench.world.agency())
    for who in (admin_of(bench.world, agency), colleague, elsewhere, bench.world.desk, bench.world.staff(Role.AUDITOR)):
        assert refusal(bench.appeal, rows[0], who)[0] is Reason.NOT_ALLOWED
    for row in rows:
        assert bench.appeal(row, director).appealed_by == director.person_id


def test_the_lead_enters_what_came_on_paper_by_the_day_it_was_received(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    decided = bench.world.today
    bench.world.now += timedelta(days=33)
    admin = bench.world.admin
    assert refusal(bench.appeal, row, admin, received_on=decided)[1] == "came_from"
    for day in (None, decided - DAY, bench.world.today + DAY):
        assert refusal(bench.appeal, row, admin, came_from="A letter of hers", received_on=day)[1] == "received_on"
    assert refusal(bench.appeal, row, admin, came_from="A letter", received_on=decided + 31 * DAY)[0] is Reason.CONFLICT
    kept = bench.appeal(row, admin, came_from="A letter of hers", received_on=decided + 30 * DAY)
    assert (kept.appeal_from, kept.appealed_by) == ("A letter of hers", admin.person_id)
    assert refusal(bench.hear, row, "upheld", admin)[0] is Reason.NOT_ALLOWED


def test_whoever_drafted_decided_or_is_concerned_does_not_hear_it(bench: Bench, member: Membership) -> None:
    row = bench.appeal(bench.sanction(person(member)), of(bench, member))
    for who in (
        bench.officer,
        bench.world.admin,
        of(bench, member),
        bench.world.desk,
        director_of(bench.world, agency_of(bench, member)),
    ):
        for outcome in ("upheld", "lifted"):
            assert refusal(bench.hear, row, outcome, who)[0] is Reason.NOT_ALLOWED
    bench.hear(row, "upheld", bench.world.staff(Role.AUDITOR))
    assert refusal(bench.hear, row, "lifted")[0] is Reason.ILLEGAL_MOVE


def test_a_pack_may_let_the_measure_rest_while_an_appeal_is_heard(bench: Bench, member: Membership) -> None:
    text = text_of(MAINE).replace("appeal_suspends = false", "appeal_suspends = true")
    bench.world.policy = load(text, "another")
    row = bench.sanction(person(member))
    assert status(bench, member) == "suspended"
    row = bench.appeal(row, of(bench, member))
    assert (row.appeal_holds, status(bench, member)) == (True, "live")
    bench.world.now += timedelta(days=3)
    bench.hear(row, "upheld")
    assert (bench.read(row).appeal_holds, status(bench, member)) == (False, "suspended")
    bench.lift(row)
    assert status(bench, member) == "live"


def test_an_administrator_s_own_appeal_is_heard_by_another(bench: Bench) -> None:
    with bench.world.look() as session:
        mine = session.scalars(select(Membership).where(Membership.person_id == bench.world.admin.person_id)).one()
    row = bench.decide(bench.draft(person(mine)), bench.hearer)
    assert (
        refusal(bench.hear, bench.appeal(row, bench.world.admin), "upheld", bench.world.admin)[0] is Reason.NOT_ALLOWED
    )


def test_an_empty_appeal_is_refused_by_its_field(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    assert refusal(bench.appeal, row, of(bench, member), "  ") == (Reason.BAD_INPUT, "text")
