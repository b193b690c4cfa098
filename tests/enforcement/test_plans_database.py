"""What the services refuse of plans the database refuses too, and of many at once one is served."""

from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal.models import PlanVersion
from portal.refusals import Refused
from portal.services.home import home_plans
from portal.services.security import offices
from portal.services.security.plans import board_records, plan_duties, plan_lists, plan_upkeep, plans, releases
from tests.enforcement.planning import Planning
from tests.services.test_grants_races import together
from tests.services.world import World
from workflows.vocabulary import Reason


@pytest.fixture
def each(each_engine: Engine) -> Planning:
    return Planning(World(each_engine))


@pytest.mark.parametrize(
    "change",
    [
        "voted_by = drafted_by", "voted_by = NULL", "minutes_file_id = NULL", "votes_for = votes_against", "status = 'feedback'",
        "implement_by = NULL", "revised_by = voted_by", "status = 'wished'", "in_force_from = NULL", "body = ''", "status = 'implementing'",
    ],
)  # fmt: skip
def test_the_database_refuses_it_too(each: Planning, change: str) -> None:
    row = each.in_force()
    with pytest.raises(DBAPIError), each.world.change() as session:
        session.execute(text(f"UPDATE plan_version SET {change} WHERE id = :id"), {"id": row.id})


def test_two_versions_of_a_plan_are_never_in_force_or_on_their_way(each: Planning) -> None:
    first = each.in_force()
    copy = (
        "INSERT INTO plan_version (kind, number, changes, body, sha256, from_before, drafted_by, drafted_at, written_at, status, "
        "voted_on, voted_by, voted_at, minutes_file_id, votes_for, votes_against, votes_abstained, voted_note, implement_by, in_force_from) "
        "SELECT kind, 9, changes, body, sha256, from_before, drafted_by, drafted_at, written_at, status, voted_on, voted_by, "
        "voted_at, minutes_file_id, votes_for, votes_against, votes_abstained, voted_note, implement_by, in_force_from FROM plan_version WHERE id = :id"
    )
    with pytest.raises(DBAPIError), each.world.change() as session:
        session.execute(text(copy), {"id": first.id})
    draft = each.draft()
    with pytest.raises(DBAPIError), each.world.change() as session:
        session.execute(text(copy), {"id": draft.id})


def test_who_reviews_is_not_who_drafted_in_the_database_either(each: Planning) -> None:
    row = each.in_force()
    with pytest.raises(DBAPIError), each.world.change() as session:
        session.execute(
            text(
                "INSERT INTO plan_review (version_id, drafted_by, reviewed_by, reviewed_on, note, recorded_at) "
                "VALUES (:id, :who, :who, :on, 'Fine', :at)"
            ),
            {"id": row.id, "who": row.drafted_by, "on": each.world.today.isoformat(), "at": each.world.now.isoformat(" ")},
        )  # fmt: skip


def test_of_ten_at_once_one_drafts_and_one_vote_counts(each: Planning) -> None:
    """Two people press the same button: one is told in a sentence that somebody was quicker, nobody sees a fault."""
    results = together(*(partial(each.draft, changes=f"Draft {number}.") for number in range(10)))
    drafted = [one for one in results if isinstance(one, PlanVersion)]
    assert len(drafted) == 1
    assert {one.reason for one in results if isinstance(one, Refused)} == {Reason.ALREADY_DONE}
    assert len(results) == 1 + sum(isinstance(one, Refused) for one in results)
    each.ask(drafted[0])
    each.later(15)
    each.do(plans.submit, drafted[0])
    votes = together(*(partial(each.vote, drafted[0], who) for who in (each.officer, each.board) * 3))
    assert votes.count(None) == 1
    assert {one.reason for one in votes if isinstance(one, Refused)} == {Reason.ILLEGAL_MOVE}
    assert each.read(drafted[0]).status == "implementing"


def test_every_list_reads_on_both_databases(each: Planning) -> None:
    held, draft = each.in_force(), each.draft("privacy_policy")
    each.ask(draft)
    each.say(draft)
    world, day = each.world, each.world.today
    with world.change() as session:
        more = {"actor": world.admin, "now": world.now, "policy": world.policy}
        plan_upkeep.enter_change(session, what="Another vendor.", changed_on=day, kinds=[held.kind], **more)
        board_records.keep(
            session, kind="lead_monitoring", about="", held_on=day, due_again=None, file=None, filed_at="Binder 3", note="", **more
        )  # fmt: skip
        asked = releases.Asked(
            "Sample University", "A study.", "100% of stays_by county", day, day, 11, "Left out.", day, True
        )
        releases.enter(session, asked, **more)
    with world.look() as session:
        pages = (
            plan_lists.changes(session, world.admin),
            plan_lists.changes(session, world.admin, after=f"{day}~999999"),
            board_records.page(session, world.admin, kind="lead_monitoring"),
            releases.page(session, world.admin, search="100% STAYS_BY", show="asked"),
            releases.page(session, world.admin, after=f"{day}~999999"),
            offices.chart(session, world.admin, on=day, search="harbor").page,
        )
        assert [len(page.rows) for page in pages] == [1] * 6
        assert not releases.page(session, world.admin, search="100%stays").rows
        assert plan_lists.board(session, world.admin, policy=world.policy)[0].kind.id == held.kind
        assert [row.id for row in plan_lists.history(session, world.admin, held.kind)] == [held.id]
        assert [row.due for row in plan_lists.resubmissions(session, held.kind)]
        assert plan_lists.open_comments(session) == {draft.id: 1}
        keys = {duty.key for duty in plan_duties.due(session, day, world.policy, None)}
        assert {f"plan:{held.kind}:review", f"plan:{draft.id}:round"} <= keys and any(":again:" in key for key in keys)
        waits = home_plans.tasks(session, actor=each.officer, on=day, policy=world.policy)
        assert "1 data release to decide about" in [task.title for task in waits]
