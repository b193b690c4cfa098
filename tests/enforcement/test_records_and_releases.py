"""Records are on file until they are due again; data leaves in aggregate only, with a second person's word."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal.models import AuditEntry, BoardRecord, DataRelease
from portal.refusals import Refused
from portal.services.security.plans import board_records, releases
from tests.enforcement.planning import pdf
from tests.services.world import World
from workflows.plan_days import RecordState, record_state
from workflows.vocabulary import Reason, Role

DAY = date(2026, 11, 23)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def each_world(each_engine: Engine) -> World:
    return World(each_engine)


def refusal(act, *args, **more) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def keep(world: World, kind: str = "lead_monitoring", **more) -> BoardRecord:
    values = {
        "about": "",
        "held_on": world.today,
        "due_again": None,
        "file": None,
        "filed_at": "Binder 3",
        "note": "",
        "actor": world.admin,
    }
    with world.change() as session:
        return board_records.keep(session, kind=kind, now=world.now, policy=world.policy, **values | more)


def states(world: World, kind: str) -> list[tuple[str, str]]:
    with world.look() as session:
        lines = board_records.on_file(session, policy=world.policy, on=world.today)
        return [(line.about, line.state.value) for line in lines if line.kind.id == kind]


@pytest.mark.parametrize(
    ("due_again", "state"),
    [
        (None, RecordState.ON_FILE), (DAY + timedelta(31), RecordState.ON_FILE), (DAY + timedelta(30), RecordState.DUE_SOON),
        (DAY, RecordState.DUE_SOON), (DAY - timedelta(1), RecordState.OVERDUE),
    ],
)  # fmt: skip
def test_a_record_is_due_soon_for_thirty_days_and_overdue_after_its_day(
    due_again: date | None, state: RecordState
) -> None:
    assert record_state(DAY - timedelta(300), due_again, DAY) is state
    assert record_state(None, due_again, DAY) is RecordState.MISSING


def test_the_newest_record_counts_and_one_set_aside_does_not(each_world: World) -> None:
    world = each_world
    assert states(world, "lead_monitoring") == [("", "missing")]
    old = keep(world, held_on=date(2025, 3, 31))
    assert old.due_again == date(2026, 3, 31)
    assert states(world, "lead_monitoring") == [("", "overdue")]
    new = keep(world, file=pdf(), filed_at="")
    assert states(world, "lead_monitoring") == [("", "on_file")]
    with world.change() as session:
        board_records.set_aside(
            session, session.get_one(BoardRecord, new.id), reason="Of another Lead.", actor=world.admin, now=world.now, policy=world.policy
        )  # fmt: skip
    assert states(world, "lead_monitoring") == [("", "overdue")]
    with world.look() as session:
        assert world.count(BoardRecord) == 2
        said = [
            row.said
            for row in session.query(AuditEntry).filter(AuditEntry.act.like("board_record.%")).order_by(AuditEntry.id)
        ]
    assert (
        said[-1] == "Set aside: The Board's monitoring of the HMIS Lead of November 23, 2026. Reason: Of another Lead."
    )


def test_each_vendor_has_a_line_of_its_own(world: World) -> None:
    keep(world, "vendor_contract", about="Sample Systems", held_on=date(2025, 1, 31))
    keep(world, "vendor_contract", about="sample  systems", held_on=date(2026, 10, 1))
    keep(world, "vendor_contract", about="Example Hosting", held_on=date(2026, 12, 1) - timedelta(365))
    assert states(world, "vendor_contract") == [("Example Hosting", "due_soon"), ("sample systems", "on_file")]
    assert refusal(keep, world, "vendor_contract") == (Reason.BAD_INPUT, "about")


def test_a_record_that_is_kept_once_is_never_due(world: World) -> None:
    assert keep(world, "lead_designation", held_on=date(1998, 5, 1)).due_again is None
    assert states(world, "lead_designation") == [("", "on_file")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"filed_at": " "}, "file"), ({"held_on": DAY + timedelta(1)}, "held_on"), ({"held_on": date(1989, 12, 31)}, "held_on"),
        ({"due_again": DAY - timedelta(1)}, "due_again"), ({"due_again": date(2027, 11, 24)}, "due_again"), ({"note": "x" * 1001}, "note"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_is_refused(world: World, wrong: dict, field: str) -> None:
    assert refusal(keep, world, **wrong) == (Reason.BAD_INPUT, field)
    assert world.count(BoardRecord) == 0


def test_who_keeps_records(world: World) -> None:
    for who in (world.desk, world.staff(Role.BOARD_MEMBER), world.staff(Role.AUDITOR)):
        assert refusal(keep, world, actor=who)[0] is Reason.NOT_ALLOWED
    assert refusal(keep, world, "no_such_record")[0] is Reason.NOT_FOUND
    keep(world, actor=world.staff(Role.LEAD_SECURITY))


# --- data releases ----------------------------------------------------------------------------------------------------


def asked(world: World, **more) -> DataRelease:
    values = {
        "recipient": "Sample University, school of social work", "purpose": "A study of shelter stays.", "what": "Stays by county and month.",
        "period_from": date(2026, 1, 1), "period_until": date(2026, 6, 30), "smallest_cell": 11, "suppression": "Left out.",
        "asked_on": world.today, "aggregate": True,
    }  # fmt: skip
    actor = more.pop("actor", world.desk)
    with world.change() as session:
        return releases.enter(session, releases.Asked(**values | more), actor=actor, now=world.now, policy=world.policy)


def act(world: World, verb, row: DataRelease, actor=None, **more) -> None:
    if verb is releases.hand_over:
        more = {"on": world.today, "how": "By mail", "sha256": "", "file_name": "", "policy": world.policy} | more
    else:
        more.setdefault("reason", "It is fine.")
    with world.change() as session:
        verb(session, session.get_one(DataRelease, row.id), actor=actor or world.admin, now=world.now, **more)


def test_a_release_is_entered_approved_by_another_and_handed_over(each_world: World) -> None:
    world = each_world
    row = asked(world, actor=world.admin)
    assert refusal(act, world, releases.approve, row)[0] is Reason.NOT_ALLOWED
    assert refusal(act, world, releases.approve, row, world.desk)[0] is Reason.NOT_ALLOWED
    assert refusal(act, world, releases.hand_over, row)[0] is Reason.ILLEGAL_MOVE
    act(world, releases.approve, row, world.staff(Role.LEAD_SECURITY))
    assert refusal(act, world, releases.hand_over, row, on=world.today - timedelta(1)) == (Reason.BAD_INPUT, "on")
    assert refusal(act, world, releases.hand_over, row, sha256="abc") == (Reason.BAD_INPUT, "sha256")
    act(world, releases.hand_over, row, sha256="AB" * 32, file_name="table.csv")
    with world.look() as session:
        kept = session.get_one(DataRelease, row.id)
    assert (kept.status, kept.file_sha256, kept.released_on) == ("released", "ab" * 32, world.today)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"smallest_cell": 10}, "smallest_cell"), ({"aggregate": False}, "aggregate"), ({"recipient": " "}, "recipient"), ({"what": ""}, "what"),
        ({"period_until": date(2025, 12, 31)}, "period_until"), ({"asked_on": DAY + timedelta(1)}, "asked_on"), ({"suppression": ""}, "suppression"),
    ],
)  # fmt: skip
def test_what_is_not_aggregate_is_not_released(world: World, wrong: dict, field: str) -> None:
    assert refusal(asked, world, **wrong) == (Reason.BAD_INPUT, field)
    assert world.count(DataRelease) == 0


def test_a_refused_or_withdrawn_release_stays_in_the_log_and_goes_no_further(world: World) -> None:
    refused, withdrawn = asked(world), asked(world)
    act(world, releases.refuse, refused, reason="The groups are too small.")
    act(world, releases.withdraw, withdrawn, world.desk)
    for row in (refused, withdrawn):
        assert refusal(act, world, releases.hand_over, row)[0] in (Reason.ILLEGAL_MOVE, Reason.BAD_INPUT)
        assert refusal(act, world, releases.approve, row)[0] is Reason.ILLEGAL_MOVE
    with world.look() as session:
        page = releases.page(session, world.admin)
        assert [row.status for (row,) in page.rows] == ["withdrawn", "refused"]
        found = releases.page(session, world.admin, search="UNIVERSITY county", show="refused")
        assert [row.id for (row,) in found.rows] == [refused.id]
        assert not releases.page(session, world.admin, search="100%").rows
        assert not releases.page(
            session, world.actor(world.member(world.agency(licences_=0), None, Role.EXECUTIVE_DIRECTOR))
        ).rows


@pytest.mark.parametrize(
    "change",
    [
        "decided_by = asked_by", "decided_by = NULL", "smallest_cell = 1", "status = 'released'", "period_until = '2020-01-01'",
        "file_sha256 = 'abc'", "status = 'asked'", "status = 'wished'",
    ],
)  # fmt: skip
def test_the_database_refuses_it_too(each_world: World, change: str) -> None:
    row = asked(each_world)
    act(each_world, releases.approve, row)
    with pytest.raises(DBAPIError), each_world.change() as session:
        session.execute(text(f"UPDATE data_release SET {change} WHERE id = :id"), {"id": row.id})


@pytest.mark.parametrize(
    "change", ["filed_at = ''", "due_again = '2000-01-01'", "set_aside_by = recorded_by", "set_aside_why = 'Because'"]
)
def test_the_database_keeps_records_whole(each_world: World, change: str) -> None:
    row = keep(each_world)
    with pytest.raises(DBAPIError), each_world.change() as session:
        session.execute(text(f"UPDATE board_record SET {change} WHERE id = :id"), {"id": row.id})
