"""The core HMIS's list against the portal's accounts: whoever gets in there and should not is said first."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, event, select

from portal.adapters.core_hmis.port import CoreUserRow, Outcome
from portal.cli import main
from portal.models import Account, AuditEntry, CoreUser, Membership
from portal.refusals import Refused
from portal.services.desk import reconcile
from portal.services.desk.reconcile import Found
from portal.services.people import grants
from tests.services.world import World
from tests.support.scripted import Answer, scim, scripted
from workflows.vocabulary import About, Kind


class Obeying:
    """A core HMIS that confirms everything at once."""

    def __getattr__(self, act: str) -> Any:
        return lambda order: Outcome(True, order.user_id, "First22Password" if order.first else None)


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.context = dataclasses.replace(made.context, core_hmis=Obeying())  # type: ignore[arg-type]
    return made


def let_in(world: World, first: str, last: str) -> tuple[Membership, Account]:
    member = world.ready(world.agency(), world.person(first, last))
    world.drain()
    account = world.account_of(member)
    assert account.status == "active"
    return member, account


def suspend(world: World, member: Membership) -> None:
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    world.drain()


def leave(world: World, member: Membership) -> None:
    with world.change() as session:
        grant = grants.live_grant(session, member.id)
        assert grant
        grants.end(session, grant, actor=world.desk, now=world.now, reason="She left.", policy=world.policy)
    world.drain()


def row(account: Account, **more: Any) -> CoreUserRow:
    return dataclasses.replace(CoreUserRow(account.user_id, "Sample", external_id=account.external_id), **more)


def compare(world: World, rows: list[CoreUserRow], **more: Any) -> reconcile.Report:
    with world.change() as session:
        return reconcile.compare(session, rows, actor=world.desk, now=world.now, **more)


def said(report: reconcile.Report) -> list[tuple[Found, str]]:
    return [(each.found, each.user_id) for each in report.differences]


def test_where_nothing_differs_nothing_is_said(world: World) -> None:
    _, open_ = let_in(world, "Jamie", "Smith")
    member, shut = let_in(world, "Robin", "Jones")
    suspend(world, member)
    gone, removed = let_in(world, "Kim", "Stone")
    leave(world, gone)
    report = compare(world, [row(open_), row(shut, active=False), row(removed, active=False)])
    assert said(report) == [] and (report.there, report.here, report.under_way) == (3, 2, 0)
    with world.look() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "core_hmis.reconcile")).one()
    assert "3 accounts of the core HMIS with the portal's 3: no difference" in entry.said


def test_each_difference_is_named_and_the_worst_comes_first(world: World) -> None:
    people = {name: let_in(world, "Jamie", name) for name in ("Shut", "Gone", "Lost", "Off", "Twin", "Bare", "New")}
    suspend(world, people["Shut"][0])
    leave(world, people["Gone"][0])
    accounts = {name: account for name, (_, account) in people.items()}
    report = compare(
        world,
        [
            row(accounts["New"], user_id="JNewer"),
            row(accounts["Twin"]), row(accounts["Twin"], user_id="twin.again"),
            CoreUserRow("admin", "The vendor"), CoreUserRow("old", external_id="somebody else's", active=False),
            row(accounts["Off"], active=False), row(accounts["Bare"], external_id=""),
            row(accounts["Gone"]), row(accounts["Shut"]),
        ],
    )  # fmt: skip
    assert said(report) == [
        (Found.OPEN_THERE, "jgone"), (Found.OPEN_THERE, "jshut"), (Found.TWICE, "jtwin"), (Found.SHUT_THERE, "joff"),
        (Found.MISSING, "jlost"), (Found.UNLINKED, "jbare"), (Found.RENAMED, "jnew"), (Found.UNKNOWN, "admin"),
        (Found.UNKNOWN, "old"),
    ]  # fmt: skip
    assert list(report.counts()) == list(Found) and report.counts()[Found.OPEN_THERE] == 2
    sentences = {each.found: each.sentence for each in report.differences}
    assert "jtwin and twin.again carry the same external id" in sentences[Found.TWICE]
    assert accounts["Bare"].external_id in sentences[Found.UNLINKED] and "JNewer" in sentences[Found.RENAMED]


def test_an_account_without_our_external_id_that_is_open_is_the_worst_too(world: World) -> None:
    member, account = let_in(world, "Jamie", "Smith")
    suspend(world, member)
    report = compare(world, [row(account, user_id="JSmith", external_id="")])
    assert said(report) == [(Found.OPEN_THERE, "jsmith"), (Found.UNLINKED, "jsmith")]


def test_what_is_on_its_way_is_not_held_against_anybody(world: World) -> None:
    member = world.ready(world.agency(), world.person("Jamie", "Smith"))
    with world.change() as session:
        grants.reconsider(session, membership_id=member.id, now=world.now, policy=world.policy)
    report = compare(world, [])
    assert said(report) == [] and report.under_way == 1


def test_what_only_the_core_hmis_knows_is_learned_and_given_to_nobody(world: World) -> None:
    _, account = let_in(world, "Jamie", "Smith")
    strangers = [CoreUserRow("RJones", "Another R. Jones"), CoreUserRow("vendor")]
    assert compare(world, [row(account), *strangers]).learned == 2
    assert compare(world, [row(account), *strangers]).learned == 0
    with world.look() as session:
        known = {each.user_id: each.name for each in session.scalars(select(CoreUser))}
    assert known == {"rjones": "Another R. Jones", "vendor": ""}
    _, second = let_in(world, "Robin", "Jones")
    assert second.user_id == "rjones2"
    assert compare(world, [CoreUserRow("more")], learn=False).learned == 0


def test_the_core_hmis_can_be_told_again(world: World) -> None:
    member, shut = let_in(world, "Jamie", "Smith")
    suspend(world, member)
    _, off = let_in(world, "Robin", "Jones")
    _, fine = let_in(world, "Kim", "Stone")
    with world.change() as session:
        rows = [row(shut), row(off, active=False), row(fine)]
        report = reconcile.compare(session, rows, actor=world.desk, now=world.now)
        told = reconcile.tell_again(session, report, actor=world.desk, now=world.now, policy=world.policy)
    assert sorted(told) == ["jsmith", "rjones"]
    assert world.account_of(member).status == "suspending"
    heard: list[tuple[str, str]] = []

    class Hearing(Obeying):
        def __getattr__(self, act: str) -> Any:
            return lambda order: (heard.append((act, order.user_id)), Outcome(True, order.user_id))[1]

    world.context = dataclasses.replace(world.context, core_hmis=Hearing())  # type: ignore[arg-type]
    world.drain()
    assert sorted(heard) == [("restore", "rjones"), ("suspend", "jsmith")]
    assert world.account_of(member).status == "suspended"


def test_only_the_help_desk_may_compare(world: World) -> None:
    member, _ = let_in(world, "Jamie", "Smith")
    with pytest.raises(Refused), world.change() as session:
        reconcile.compare(session, [], actor=world.actor(member), now=world.now)


def test_the_number_of_statements_does_not_grow_with_the_accounts(world: World) -> None:
    def statements() -> int:
        counted: list[str] = []
        listener = lambda *arguments: counted.append(arguments[2])  # noqa: E731
        event.listen(world.engine, "before_cursor_execute", listener)
        compare(world, [], learn=False)
        event.remove(world.engine, "before_cursor_execute", listener)
        return len(counted)

    let_in(world, "Jamie", "Smith")
    few = statements()
    for number in range(6):
        let_in(world, "Jamie", f"Smith{number}")
    assert statements() == few


# --- the command


@pytest.fixture
def settings(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTAL_SECRET_KEY", "for-tests-alone-and-nothing-is-signed-with-it")
    monkeypatch.setenv("PORTAL_DATABASE_URL", engine.url.render_as_string(hide_password=False))


def portal(*words: str) -> Result:
    return CliRunner().invoke(main, ["reconcile", *words], catch_exceptions=False)


def serving(users: list[dict[str, Any]]) -> Any:
    listed = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}
    answer: Answer = scim(200, **listed, totalResults=len(users), Resources=users)
    return scripted(lambda _method, _path: answer)


@pytest.mark.usefixtures("settings")
def test_the_command_says_it_in_lines_and_in_json(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    member, account = let_in(world, "Jamie", "Smith")
    suspend(world, member)
    monkeypatch.setenv("PORTAL_SCIM_TOKEN", "t")
    monkeypatch.setenv("PORTAL_CORE_HMIS_PRIVATE", "127.0.0.1")
    user = {"id": "1", "userName": "jsmith", "externalId": account.external_id, "active": True}
    with serving([user, {"id": "2", "userName": "vendor"}]) as server:
        monkeypatch.setenv("PORTAL_CORE_HMIS", f"scim+http://127.0.0.1:{server.port}/v2")
        shown = portal()
        assert shown.exit_code == 1 and "Active in the core HMIS, and suspended or removed here" in shown.stderr
        assert "jsmith is suspended here, and still active" in shown.stderr and "Learned 1 User ID" in shown.stdout
        answer = json.loads((asked := portal("--json", "--tell-again")).stdout)
        assert asked.exit_code == 1 and answer["source"] == "core HMIS" and answer["told_again"] == ["jsmith"]
        assert [each["found"] for each in answer["differences"]] == ["open_there", "unknown"]
    with serving([user | {"active": False}]) as server:
        monkeypatch.setenv("PORTAL_CORE_HMIS", f"scim+http://127.0.0.1:{server.port}/v2")
        assert (fine := portal()).exit_code == 0 and "Nothing differs." in fine.stdout
    shut = portal()
    assert shut.exit_code == 1 and "did not answer" in shut.stderr and not shut.stdout


@pytest.mark.usefixtures("settings")
def test_with_work_orders_the_command_says_whose_memory_it_is(world: World) -> None:
    let_in(world, "Jamie", "Smith")
    compare(world, [CoreUserRow("vendor")])
    shown = portal()
    assert shown.exit_code == 0 and "the portal's own memory" in shown.stdout and "Nothing differs." in shown.stdout
    assert json.loads(portal("--json").stdout)["source"] == "work orders"
