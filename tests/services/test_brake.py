"""The brake: too many lapses on one day suspend nobody and ask the Lead; what speaks against somebody acts at once."""

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.db import transaction
from portal.models import AuditEntry, Evidence, LapseDay, Membership, StoppedCase, SweepStop
from portal.refusals import Refused
from portal.services import brake, evidence
from portal.services.people import grants
from tests.services.lapsing import crowd, day, drain_all, mails, morning_of, statuses, stop_of, untrained, waiting
from tests.services.world import World
from workflows.vocabulary import LEAD, About, Kind, Reason, Role

P, M, A = About.PERSON, About.MEMBERSHIP, About.AGENCY
TUESDAY = datetime(2026, 11, 24, 15, 0)
FRIDAY_NIGHT = datetime(2026, 11, 21, 3, 0)


@pytest.fixture
def world(each_engine: Engine) -> World:
    """Of few people two may lapse on a day, and the third pulls the brake."""
    return World(each_engine)


def released(world: World, *, upto: int | None = None, actor=None, reason: str = "They were told.") -> int:
    with world.change() as session:
        stop = session.scalars(select(SweepStop).where(SweepStop.status == "pulled")).one()
        last = max(session.scalars(select(StoppedCase.id).where(StoppedCase.stop_id == stop.id)))
        return brake.release(
            session, stop=stop, upto=last if upto is None else upto, reason=reason, actor=actor or world.admin, now=world.now,
            policy=world.policy,
        )  # fmt: skip


def test_few_lapses_act_as_ever(world: World) -> None:
    members = crowd(world, 4)
    untrained(world, *members[:2])
    world.drain()
    assert statuses(world, *members) == ["suspended"] * 2 + ["live"] * 2
    assert stop_of(world) is None


def test_more_than_the_share_suspends_nobody_and_asks_the_lead(world: World) -> None:
    members = crowd(world, 5)
    world.now = TUESDAY.replace(hour=5)  # midnight in Maine
    untrained(world, *members[:3])
    day(world)
    assert statuses(world, *members) == ["live"] * 5
    stop = stop_of(world)
    assert stop and (stop.status, stop.would_close, stop.live, stop.allowed) == ("pulled", 3, 5, 2)
    assert stop.by_prerequisite == {"security-training": 3} and stop.share == 500
    assert waiting(world) == {member.id for member in members[:3]}
    world.now = TUESDAY
    world.drain()
    day(world)
    assert statuses(world, *members) == ["live"] * 5
    assert mails(world, "brake_pulled") == [world.admin.person_id]
    assert world.count(AuditEntry, AuditEntry.act == "brake.pull") == 1


def test_a_share_of_many_is_reckoned_in_hundredths_of_a_percent(world: World) -> None:
    assert [world.policy.brake.allows(live) for live in (0, 10, 79, 80, 100, 10_000)] == [2, 2, 3, 4, 5, 500]
    generous = replace(world.policy.brake, share=3333, least=1)
    assert [generous.allows(live) for live in (2, 3, 30)] == [0, 0, 9]


def test_one_at_a_time_on_a_business_day_they_do_not_slip_past(world: World) -> None:
    """Each ends by itself and is reconsidered by itself: the third of the day is one too many."""
    members = crowd(world, 5)
    for member in members[:4]:
        untrained(world, member)
        world.drain()
        world.now += brake.WEIGH_EVERY
    assert statuses(world, *members) == ["suspended"] * 2 + ["live"] * 3
    stop = stop_of(world)
    assert stop and stop.status == "pulled" and waiting(world) == {members[2].id, members[3].id}


def test_a_burst_that_is_found_one_by_one_suspends_none_of_it(world: World) -> None:
    """An import ended four results in one commit: the first job that comes weighs them all."""
    members = crowd(world, 5)
    untrained(world, *members[:4])
    world.drain()
    assert statuses(world, *members) == ["live"] * 5 and len(waiting(world)) == 4


def test_what_was_planned_for_monday_last_week_carries_no_exemption(world: World) -> None:
    members = crowd(world, 5)
    world.now = datetime(2026, 11, 20, 15, 0)  # a Friday: each lapse alone is planned for Monday
    for member in members[:4]:
        untrained(world, member)
        world.drain()
    assert statuses(world, *members) == ["live"] * 5
    world.now = morning_of(date(2026, 11, 23))
    world.drain()
    assert statuses(world, *members) == ["live"] * 5 and len(waiting(world)) == 4


def test_a_run_over_everybody_is_weighed_before_its_first(world: World) -> None:
    """A new agreement whose grace is over, found by the run that its publication sets off: nobody goes first."""
    members = crowd(world, 5)
    world.record(Kind.PUBLISHED, About.LEAD, LEAD, detail="user_agreement", version="2", valid_from=date(2026, 9, 1))
    world.drain()
    assert statuses(world, *members) == ["live"] * 5
    stop = stop_of(world)
    assert stop and stop.by_prerequisite == {"user-agreement": 5}


def test_sanctions_departures_and_corrections_act_at_once_while_it_is_pulled(world: World) -> None:
    members = crowd(world, 8)
    untrained(world, *members[:3])
    world.drain()
    assert stop_of(world)
    world.record(Kind.SANCTION, P, members[0].person_id, detail="suspension", valid_from=world.today)
    world.record(Kind.SANCTION, P, members[3].person_id, detail="suspension", valid_from=world.today)
    world.record(Kind.RETRAINING, P, members[4].person_id, detail="security", valid_from=world.today)
    world.withdraw(Kind.TRAINING, P, members[5].person_id, "hmis-basics")
    world.drain()
    assert statuses(world, *members) == [
        "suspended",
        "live",
        "live",
        "suspended",
        "suspended",
        "suspended",
        "live",
        "live",
    ]


def test_an_agency_that_is_suspended_loses_all_its_access_however_much_that_is(world: World) -> None:
    members = crowd(world, 6)
    world.record(Kind.SANCTION, A, members[0].agency_id, detail="suspension", valid_from=world.today)
    day(world)
    assert statuses(world, *members) == ["suspended"] * 6 and stop_of(world) is None


def test_access_that_nobody_was_let_in_with_is_no_lapse(world: World) -> None:
    agency = world.agency()
    members = [world.ready(agency) for _ in range(4)]
    world.drain()
    untrained(world, *members)
    world.drain()
    assert statuses(world, *members) == ["suspended"] * 4 and stop_of(world) is None


def test_released_it_goes_on_and_nobody_else_goes_with_it(world: World) -> None:
    members = crowd(world, 6)
    untrained(world, *members[:4])
    world.drain()
    assert released(world) == 4
    world.drain()
    assert statuses(world, *members) == ["suspended"] * 4 + ["live"] * 2
    stop = stop_of(world)
    assert stop and stop.status == "released" and stop.ended_by == world.admin.person_id
    assert stop.ended_reason == "They were told."
    untrained(world, members[4])
    world.drain()
    assert world.status(members[4]) == "suspended"  # one of the two that this day still allows


def test_released_at_night_it_waits_for_the_business_morning(world: World) -> None:
    members = crowd(world, 5)
    world.now = FRIDAY_NIGHT + timedelta(hours=24)
    untrained(world, *members[:3])
    day(world)
    released(world)
    world.drain()
    assert statuses(world, *members) == ["live"] * 5
    world.now = morning_of(date(2026, 11, 23))
    world.drain()
    assert statuses(world, *members) == ["suspended"] * 3 + ["live"] * 2


def test_a_release_is_used_up_by_what_it_released(world: World) -> None:
    members = crowd(world, 5)
    untrained(world, *members[:3])
    world.drain()
    released(world)
    world.record(Kind.TRAINING, P, members[0].person_id, detail="security", value=9000, valid_from=world.today)
    world.drain()
    assert statuses(world, *members[:3]) == ["live", "suspended", "suspended"]
    untrained(world, members[0], last_day=world.today)
    untrained(world, *members[3:])
    day(world, TUESDAY)
    assert statuses(world, *members) == ["live", "suspended", "suspended", "live", "live"]
    assert waiting(world) == {members[0].id, members[3].id, members[4].id}


def test_a_release_is_for_those_who_were_seen(world: World) -> None:
    members = crowd(world, 6)
    untrained(world, *members[:3])
    world.drain()
    with world.look() as session:
        seen = max(session.scalars(select(StoppedCase.id)))
    untrained(world, members[3])
    world.drain()
    with pytest.raises(Refused) as no:
        released(world, upto=seen)
    assert no.value.reason is Reason.CONFLICT and "1 more person was added" in no.value.sentence
    world.drain()
    assert statuses(world, *members) == ["live"] * 6
    assert stop_of(world).status == "pulled"  # type: ignore[union-attr]


def test_only_a_lead_administrator_releases_and_says_why(world: World) -> None:
    members = crowd(world, 4)
    untrained(world, *members[:3])
    world.drain()
    for actor in (world.desk, world.staff(Role.LEAD_SECURITY), world.actor(members[0])):
        with pytest.raises(Refused) as no:
            released(world, actor=actor)
        assert no.value.reason is Reason.NOT_ALLOWED
    with pytest.raises(Refused) as no:
        released(world, reason="  ")
    assert no.value.reason is Reason.BAD_INPUT and stop_of(world).status == "pulled"  # type: ignore[union-attr]


def test_mended_first_the_list_falls_and_the_next_sweep_lets_go(world: World) -> None:
    members = crowd(world, 5)
    untrained(world, *members[:4])
    world.drain()
    for member in members[:2]:
        world.record(Kind.TRAINING, P, member.person_id, detail="security", value=9000, valid_from=world.today)
    world.drain()
    assert waiting(world) == {members[2].id, members[3].id}
    assert stop_of(world).status == "pulled"  # type: ignore[union-attr]
    day(world, TUESDAY.replace(hour=5))
    stop = stop_of(world)
    assert stop and stop.status == "dropped" and "2 would close now" in stop.ended_reason
    assert statuses(world, *members) == ["live"] * 5
    world.now = morning_of(TUESDAY.date())
    world.drain()
    assert statuses(world, *members) == ["live"] * 2 + ["suspended"] * 2 + ["live"]


def test_whoever_leaves_meanwhile_is_off_the_list(world: World) -> None:
    members = crowd(world, 5)
    untrained(world, *members[:4])
    world.drain()
    with world.change() as session:
        grant = grants.live_grant(session, members[0].id)
        assert grant
        grants.end(session, grant, actor=world.desk, now=world.now, reason="She left.", policy=world.policy)
    assert members[0].id not in waiting(world)


def test_the_next_day_begins_a_new_count(world: World) -> None:
    members = crowd(world, 5)
    untrained(world, *members[:2])
    world.drain()
    day(world, TUESDAY)
    untrained(world, *members[2:4])
    world.drain()
    assert statuses(world, *members) == ["suspended"] * 4 + ["live"]
    with world.look() as session:
        made = {row.day.day: row.made for row in session.scalars(select(LapseDay)) if row.made}
    assert made == {23: 2, 24: 2}


def test_who_is_inherited_closes_for_no_lapse_and_counts_as_live(world: World) -> None:
    members = crowd(world, 5)
    for member in members[:3]:
        world.record(Kind.INHERITED, M, member.id)
    untrained(world, *members[:4])
    world.drain()
    assert statuses(world, *members) == ["live"] * 3 + ["suspended", "live"]
    with world.look() as session:
        assert session.get_one(LapseDay, world.today).live == 5


def test_two_workers_at_once_count_one_after_the_other(world: World) -> None:
    """Each at an Agency of its own, so that no other lock is shared, and weighed just before: two may, not three."""
    members = [member for _ in range(6) for member in crowd(world, 1)]
    with world.change() as session:
        brake.weigh(session, now=world.now, policy=world.policy)
    untrained(world, *members)
    gate, errors = threading.Barrier(6), []

    def reconsider(member: Membership) -> None:
        gate.wait()
        try:
            with transaction(world.sessions) as session:
                grants.reconsider(session, membership_id=member.id, now=world.now, policy=world.policy)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=reconsider, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(statuses(world, *members)) == ["live"] * 4 + ["suspended"] * 2
    assert world.count(SweepStop) == 1 and len(waiting(world)) == 4


def test_the_database_itself_holds_the_days_count_and_one_brake(world: World) -> None:
    crowd(world, 3)
    with pytest.raises(Exception, match=r"(?i)check|ck_lapse_day_made"), world.change() as session:
        brake.day_of(session, world.today, world.policy).made = 3
    kept = {"day": world.today, "pulled_at": world.now, "would_close": 3, "live": 3, "allowed": 2, "share": 500}
    with pytest.raises(Exception, match=r"(?i)unique"), world.change() as session:
        session.add_all([SweepStop(**kept), SweepStop(**kept)])


def test_an_import_that_ends_what_never_was_right_is_no_lapse(world: World) -> None:
    """Scores taken back as wrong close at once, however many: see docs/adr/0011."""
    members = crowd(world, 4)
    world.drain()
    with world.change() as session:
        for member in members:
            for row in evidence.in_force(
                session, P, member.person_id, Kind.TRAINING, on=world.today, detail="security"
            ):
                evidence.withdraw(session, row, actor=world.desk, now=world.now, reason="Another person's score.")
    world.drain()
    assert statuses(world, *members) == ["suspended"] * 4 and stop_of(world) is None
    assert world.count(Evidence, Evidence.kind == Kind.TRAINING.value) == 8


def test_the_lead_gets_a_message_with_figures_one_link_and_no_name(world: World) -> None:
    members = crowd(world, 4)
    untrained(world, *members[:3])
    drain_all(world)
    (mail,) = [one for one in world.context.mailer.sent if one.id.startswith("brake_pulled.")]  # type: ignore[attr-defined]
    assert mail.subject == "MaineHousing: 3 people would lose access; nobody has"
    said = " ".join(mail.text.split())
    assert "3 of 4 people with access" in said and "lets 2 on one day" in said
    assert mail.text.count("http") == 1 and "/desk/brake" in mail.text
