"""Outages: announced, reported, told once to each whom it concerns, corrected, ended; refused in words where it is wrong."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.models import AuditEntry, Outage
from portal.refusals import Refused
from portal.services.helpdesk.outages import entering, moves, telling
from tests.helpdesk.outaging import HOUR, Outaging
from tests.services.world import World
from workflows.vocabulary import About, Effect, Kind, Reason


@pytest.fixture
def here(each_engine: Engine) -> Outaging:
    return Outaging(World(each_engine))


@pytest.fixture
def one(engine: Engine) -> Outaging:
    return Outaging(World(engine))


WEDNESDAY = date(2026, 11, 25)
COLUMNS = "outage_id, update_id, person_id, made_at"
TWICE = f"INSERT INTO outage_notice ({COLUMNS}) SELECT {COLUMNS} FROM outage_notice"


def refused(act: Any, *given: Any, **more: Any) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*given, **more)
    return no.value.reason, no.value.field


# --- the life of one


def test_a_planned_one_begins_by_itself_and_ends_when_somebody_says_so(here: Outaging) -> None:
    outage = here.announce()
    assert (outage.status, outage.kind, outage.reference) == ("announced", "planned", f"O-2026-{outage.id:04d}")
    here.drain()
    assert here.row(outage).status == "announced"
    here.later(72 * HOUR)
    here.drain()
    assert here.row(outage).status == "going_on"
    here.later(5 * HOUR)
    here.drain()
    assert here.row(outage).status == "going_on", "nobody has said that it is over"
    here.end(outage, at=here.world.now - HOUR, text="It is over.")
    over = here.row(outage)
    assert (over.status, over.ended_at) == ("ended", here.world.now - HOUR)
    assert [each.kind for each in here.said(outage)] == ["announced", "ended"]


def test_one_that_was_put_off_does_not_begin_at_its_first_time(one: Outaging) -> None:
    outage = one.announce()
    later = {"starts_at": outage.starts_at + 24 * HOUR, "ends_expected_at": outage.starts_at + 25 * HOUR}
    one.do(moves.correct, outage, **later)
    one.later(73 * HOUR)
    one.drain()
    assert one.row(outage).status == "announced"
    one.later(24 * HOUR)
    one.drain()
    assert one.row(outage).status == "going_on"


def test_one_that_was_brought_forward_begins_at_its_new_time(one: Outaging) -> None:
    outage = one.announce()
    sooner = {"starts_at": outage.starts_at - 48 * HOUR, "ends_expected_at": outage.starts_at - 47 * HOUR}
    one.do(moves.correct, outage, **sooner)
    one.later(24 * HOUR)
    one.drain()
    assert one.row(outage).status == "going_on"


def test_an_unplanned_one_is_on_at_once_with_or_without_an_end(here: Outaging) -> None:
    outage = here.report()
    assert (outage.status, outage.kind, outage.ends_expected_at) == ("going_on", "unplanned", None)
    here.do(moves.correct, outage, starts_at=outage.starts_at, ends_expected_at=here.world.now + HOUR)
    assert here.row(outage).ends_expected_at == here.world.now + HOUR
    here.end(outage)
    assert refused(here.end, outage) == (Reason.CONFLICT, "")
    here.do(moves.update, outage, text="It was a broken cable.")
    assert [each.kind for each in here.said(outage)] == ["announced", "corrected", "ended", "update"]


def test_a_late_worker_does_not_keep_anybody_from_ending_it(one: Outaging) -> None:
    outage = one.announce()
    assert refused(one.end, outage) == (Reason.CONFLICT, "")
    one.later(73 * HOUR)
    one.end(outage)
    assert one.row(outage).status == "ended"
    one.drain()
    assert one.row(outage).status == "ended"


def test_what_has_not_begun_is_called_off_and_what_was_none_is_taken_back(one: Outaging) -> None:
    planned, mistaken = one.announce(), one.report()
    one.do(moves.call_off, planned)
    one.do(moves.call_off, mistaken)
    assert {one.row(planned).status, one.row(mistaken).status} == {"called_off"}
    one.later(80 * HOUR)
    one.drain()
    assert one.row(planned).status == "called_off"
    begun = one.announce()
    one.later(73 * HOUR)
    assert refused(one.do, moves.call_off, begun) == (Reason.CONFLICT, "")
    assert refused(one.do, moves.call_off, planned) == (Reason.CONFLICT, "")


def test_every_act_is_on_record_with_how_many_were_told(one: Outaging) -> None:
    outage = one.announce(tells="admins")
    one.do(moves.update, outage, public=False)
    one.do(moves.call_off, outage, tells="admins")
    with one.world.look() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.thing == "outage").order_by(AuditEntry.seq)).all()
    assert [row.act for row in rows] == ["outage.enter", "outage.update", "outage.call_off", "outage.called_off"]
    assert rows[1].said.endswith("said how it goes, for the staff alone.") and rows[-1].after["told"] == 2


# --- what is refused


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"starts_at": timedelta(0)}, "starts_at"),
        ({"starts_at": timedelta(days=400), "ends_expected_at": timedelta(days=401)}, "starts_at"),
        ({"ends_expected_at": None}, "ends_at"),
        ({"ends_expected_at": timedelta(hours=72)}, "ends_at"),
        ({"ends_expected_at": timedelta(days=34)}, "ends_at"),
        ({"systems": []}, "systems"),
        ({"systems": ["core_hmis", "moon"]}, "systems"),
        ({"impact": "worse"}, "impact"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"text": "x"}, "text"),
        ({"text": "Our client Jamie Sample, born 3/4/1990, is out."}, "text"),
        ({"tells": "the_board"}, "tells"),
        ({"vendor_case": "x" * 101}, "vendor_case"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(one: Outaging, wrong: dict[str, Any], field: str) -> None:
    wrong = {name: one.world.now + each if isinstance(each, timedelta) else each for name, each in wrong.items()}
    assert refused(one.announce, **wrong) == (Reason.BAD_INPUT, field)
    with one.world.look() as session:
        assert session.scalars(select(Outage)).all() == []


def test_times_are_corrected_only_to_what_can_be(one: Outaging) -> None:
    outage, now = one.announce(), one.world.now
    times = {"starts_at": outage.starts_at, "ends_expected_at": outage.ends_expected_at}
    assert refused(one.do, moves.correct, outage, **times) == (Reason.BAD_INPUT, "ends_at")
    assert refused(one.do, moves.correct, outage, **times | {"starts_at": now}) == (Reason.BAD_INPUT, "starts_at")
    assert refused(one.do, moves.correct, outage, **times | {"ends_expected_at": None}) == (Reason.BAD_INPUT, "ends_at")
    going = one.report()
    for wrong, field in (
        ({"starts_at": going.starts_at - HOUR, "ends_expected_at": now + HOUR}, "starts_at"),
        ({"starts_at": going.starts_at, "ends_expected_at": now}, "ends_at"),
    ):
        assert refused(one.do, moves.correct, going, **wrong) == (Reason.BAD_INPUT, field)
    for at in (now + HOUR, going.starts_at - HOUR):
        assert refused(one.end, going, at=at) == (Reason.BAD_INPUT, "ended_at")


@pytest.mark.parametrize("who", ["admin", "newcomer", "auditor"])
def test_only_the_lead_s_working_staff_say_anything(one: Outaging, who: str) -> None:
    actor, outage = getattr(one, who), one.announce()
    assert refused(one.announce, actor) == (Reason.NOT_ALLOWED, "")
    assert refused(one.report, actor) == (Reason.NOT_ALLOWED, "")
    for verb in (moves.update, moves.call_off):
        assert refused(one.do, verb, outage, actor=actor) == (Reason.NOT_ALLOWED, "")
    assert len(one.said(outage)) == 1


def test_the_security_officer_of_the_lead_may(one: Outaging) -> None:
    assert one.report(one.officer).status == "going_on"


def test_the_database_keeps_what_was_said_and_refuses_what_cannot_be(here: Outaging) -> None:
    here.announce(tells="admins")
    here.drain()
    for statement in (
        "DELETE FROM outage_update", "UPDATE outage_update SET said = 'x'", "DELETE FROM outage", "DELETE FROM outage_notice",
        "UPDATE outage_notice SET made_at = made_at", "UPDATE outage SET status = 'ended'", "UPDATE outage SET kind = 'weekly'",
        "UPDATE outage SET ends_expected_at = NULL", "UPDATE outage SET ends_expected_at = starts_at",
        TWICE,
    ):  # fmt: skip
        with pytest.raises(DBAPIError), here.world.change() as session:
            session.execute(text(statement))


# --- the weekly maintenance


def test_an_evening_is_called_off_or_takes_longer_and_the_others_stay(here: Outaging) -> None:
    off = here.evening(moves.call_off_evening, WEDNESDAY)
    assert (off.kind, off.status, off.occurrence_on) == ("weekly", "called_off", WEDNESDAY)
    following = WEDNESDAY + timedelta(7)
    until = entering.next_evenings(here.world.policy, now=here.world.now, days=10)[1].ends_at + 3 * HOUR
    longer = here.evening(moves.prolong_evening, following, until=until)
    assert (longer.status, longer.ends_expected_at) == ("announced", until)
    with here.world.look() as session:
        assert len(session.scalars(select(Outage)).all()) == 2
    here.world.now = longer.starts_at
    here.drain()
    assert here.row(longer).status == "going_on"
    again = until + HOUR
    here.evening(moves.prolong_evening, following, until=again)
    assert here.row(longer).ends_expected_at == again


def test_a_day_without_maintenance_or_one_that_is_over_is_refused(one: Outaging) -> None:
    for on in (date(2026, 11, 24), date(2028, 1, 5)):
        assert refused(one.evening, moves.call_off_evening, on) == (Reason.BAD_INPUT, "on")
    assert refused(one.evening, moves.call_off_evening, date(2026, 11, 18)) == (Reason.CONFLICT, "")
    with one.world.look() as session:
        assert session.scalars(select(Outage)).all() == []


# --- telling


def test_each_audience_is_counted_and_told_as_the_manual_says(here: Outaging) -> None:
    """Agency Administrators of an outage that nobody planned; of a planned one also everybody with access."""
    user = here.world.ready(here.harbor)
    assert here.counts() == {"": 0, "admins": 2, "everybody": 2}, "whoever waits for access is not written to"
    here.let_in(user)
    assert here.counts() == {"": 0, "admins": 2, "everybody": 3}
    unplanned, planned = here.report(tells="admins"), here.announce(tells="everybody")
    here.drain()
    told = here.mails()
    admins, everybody = (
        {person for update, person in told if update == here.said(row)[0].id} for row in (unplanned, planned)
    )
    assert here.admin.person_id in admins and len(admins) == 2
    assert everybody == admins | {user.person_id} and here.newcomer.person_id not in everybody
    assert [here.said(row)[0].told for row in (unplanned, planned)] == [2, 3]


def test_nobody_is_written_to_of_an_agency_that_has_ended_who_left_or_is_shut_out(one: Outaging) -> None:
    gone = one.world.agency("Sample Gone")
    shut = one.world.ready(one.harbor)
    one.let_in(shut)
    assert one.counts() == {"": 0, "admins": 3, "everybody": 4}
    one.world.record(Kind.SANCTION, About.PERSON, shut.person_id, detail="suspension")
    one.world.drain()
    assert one.counts()["everybody"] == 3, "whoever is shut out misses nothing"
    one.leave(one.admin)
    one.end_agency(gone)
    assert one.counts()["admins"] == 1


def test_whoever_was_told_of_it_is_told_how_it_ends(one: Outaging) -> None:
    policy = one.world.policy
    assert telling.proposed("unplanned", "", policy) == "admins" == telling.proposed("unplanned", "admins", policy)
    assert telling.proposed("unplanned", "everybody", policy) == "everybody" == telling.proposed("planned", "", policy)
    outage = one.report(tells="everybody")
    one.do(moves.update, outage, tells="admins")
    with one.world.look() as session:
        assert telling.told_so_far(session.get_one(Outage, outage.id)) == "everybody"


def test_they_are_written_to_in_slices_and_each_once(here: Outaging) -> None:
    here.admins(120)
    outage = here.report(tells="admins")
    turns = []
    while here.waiting():
        here.one_slice()
        turns.append(len(here.mails()))
    assert turns == [50, 100, 122], "a full slice asks for the next, and the last asks for none"
    update = here.said(outage)[0]
    assert update.told == 122 and len(set(here.mails())) == 122
    with here.world.change() as session:
        assert telling.write_to_some(session, update.id, now=here.world.now, policy=here.world.policy) == 0
    assert len(here.mails()) == 122


def test_every_update_is_mailed_for_itself_and_a_note_never(one: Outaging) -> None:
    outage = one.report()
    assert one.waiting() == 0
    one.do(moves.update, outage, tells="admins")
    one.do(moves.update, outage, public=False)
    one.do(moves.update, outage, tells="admins")
    one.drain()
    said = one.said(outage)
    assert {update for update, _ in one.mails()} == {said[1].id, said[3].id} and len(one.mails()) == 4
    assert refused(one.do, moves.update, outage, tells="admins", public=False) == (Reason.BAD_INPUT, "tells")


def test_whoever_holds_the_role_when_it_is_said_is_told_whatever_comes_later(one: Outaging) -> None:
    one.admins(60)
    one.report(tells="admins")
    one.one_slice()
    late = one.admins(1)
    one.later(timedelta(days=2))
    one.drain()
    told = {person for _, person in one.mails()}
    assert len(told) == 63 and late[0].person_id in told, "the evidence says since when: from before"


def test_only_what_everybody_may_read_moves_the_calendar_and_the_feed_on(one: Outaging) -> None:
    outage = one.report()
    was = one.row(outage)
    one.later(HOUR)
    one.do(moves.update, outage, public=False)
    assert (one.row(outage).revision, one.row(outage).touched_at) == (was.revision, was.touched_at)
    one.do(moves.update, outage)
    assert (one.row(outage).revision, one.row(outage).touched_at) == (was.revision + 1, one.world.now)


def test_the_queue_is_asked_once_for_a_beginning(one: Outaging) -> None:
    outage = one.announce()
    assert one.waiting(Effect.OUTAGE) == 1
    with one.world.change() as session:
        moves.begin(session, outage.id, now=one.world.now)
    assert one.waiting(Effect.OUTAGE) == 1 and one.row(outage).status == "announced"
