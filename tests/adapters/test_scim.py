"""What the SCIM adapter writes, on both peers: words of the pack, one password, nothing of others, nothing twice."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from portal.adapters.core_hmis.port import AccountOrder, AgencyAccess, CoreHMISError
from portal.adapters.core_hmis.scim_users import ORDER
from tests.services.world import World
from tests.support.peers import ScimServer
from tests.support.scim import scim_of

HARBOR = AgencyAccess(
    7, "Sample Harbor House", "417", "Case Manager II", ("Sample Harbor House: Night beds (418)",), "case_manager_2"
)
INLAND = AgencyAccess(8, "Sample Inland Home", "512", "Read Only", (), "read_only")
LEAD = AgencyAccess(0, "MaineHousing", "", "System Admin I", (), "system_admin_1")
ORDERED = AccountOrder(
    external_id="5f0c2f3e-6f1c-4f9e-9d51-0a8f4c2b7e11", account_id=1, version=3, user_id="jsmith", first_name="Jamie",
    last_name="Smith", email="jsmith@example.org", phone="207-555-0100", agencies=(HARBOR,), first=True,
)  # fmt: skip


@dataclasses.dataclass
class Talk:
    """The adapter, the server behind it, and one order after the other."""

    hmis: Any
    server: ScimServer

    def user(self) -> dict[str, Any]:
        (mine,) = [user for user in self.server.users() if user.get("externalId") == ORDERED.external_id]
        return mine

    def shown(self) -> tuple[bool, list[str], list[tuple[str, str]]]:
        user = self.user()
        roles = sorted(role["value"] for role in user.get("roles", ()))
        return user["active"], roles, sorted((each["type"], each["value"]) for each in user.get("entitlements", ()))

    def password(self) -> str:
        answer = self.server.ask("GET", self.server.base.replace("/scim", "/passwords"))
        return answer.json()[self.user()["id"]]


@pytest.fixture
def talk(engine: Engine, scim_server: ScimServer) -> Iterator[Talk]:
    hmis = scim_of(scim_server, World(engine))
    yield Talk(hmis, scim_server)
    hmis.close()


@pytest.fixture
def scimmy_talk(engine: Engine, scimmy: ScimServer) -> Iterator[Talk]:
    hmis = scim_of(scimmy, World(engine))
    yield Talk(hmis, scimmy)
    hmis.close()


def later(order: AccountOrder = ORDERED, by: int = 1, **more: Any) -> AccountOrder:
    return dataclasses.replace(order, version=order.version + by, first=False, **more)


def test_a_new_account_says_who_it_is_and_what_it_may_reach(talk: Talk) -> None:
    made = talk.hmis.ensure(dataclasses.replace(ORDERED, agencies=(HARBOR, INLAND)))
    user = talk.user()
    assert made.done and made.user_id == user["userName"] == "jsmith" and "password" not in user
    assert (user["name"]["givenName"], user["name"]["familyName"]) == ("Jamie", "Smith")
    assert [mail["value"] for mail in user["emails"]] == ["jsmith@example.org"]
    assert [phone["value"] for phone in user["phoneNumbers"]] == ["207-555-0100"]
    assert talk.shown() == (
        True,
        ["case_manager_2@417", "read_only@512"],
        [("agency", "417"), ("agency", "512"), (ORDER, "3"), ("project", "Sample Harbor House: Night beds (418)")],
    )


def test_at_the_lead_a_role_names_no_provider(talk: Talk) -> None:
    talk.hmis.ensure(dataclasses.replace(ORDERED, agencies=(LEAD,)))
    assert talk.shown() == (True, ["system_admin_1"], [(ORDER, "3")])


def test_an_agency_without_a_provider_id_gets_nobody_in(talk: Talk) -> None:
    homeless = dataclasses.replace(HARBOR, provider_id="")
    with pytest.raises(CoreHMISError, match="Sample Harbor House has no provider id"):
        talk.hmis.ensure(dataclasses.replace(ORDERED, agencies=(homeless,)))
    assert talk.server.users() == []


def test_a_change_replaces_all_roles_and_leaves_the_entitlements_of_others(talk: Talk) -> None:
    talk.hmis.ensure(ORDERED)
    id_ = talk.user()["id"]
    talk.server.change(id_, "roles", [{"value": "super_user"}, {"value": "case_manager_2@417"}])
    kept = [{"type": "parking", "value": "lot 4", "primary": True}, {"type": ORDER, "value": "3"}]
    talk.server.change(id_, "entitlements", kept)
    changed = later(agencies=(INLAND,), last_name="Jones", email="jjones@example.org", phone="")
    assert talk.hmis.restore(changed).done
    assert talk.shown() == (True, ["read_only@512"], [("agency", "512"), (ORDER, "4"), ("parking", "lot 4")])
    user = talk.user()
    assert [each for each in user["entitlements"] if each["type"] == "parking"] == kept[:1]
    assert user["name"]["familyName"] == "Jones" and user["emails"][0]["value"] == "jjones@example.org"
    assert user["userName"] == "jsmith", "a User ID stays when the name changes"
    assert user["phoneNumbers"][0]["value"] == "207-555-0100", "what the order does not say is left alone"


def test_suspended_keeps_its_roles_and_removed_has_none(talk: Talk) -> None:
    talk.hmis.ensure(ORDERED)
    assert talk.hmis.suspend(later()).done
    assert talk.shown()[:2] == (False, ["case_manager_2@417"])
    assert talk.hmis.remove(later(by=2)).done
    assert talk.shown() == (False, [], [(ORDER, "5")])
    assert talk.hmis.restore(later(by=3)).done
    assert talk.shown()[:2] == (True, ["case_manager_2@417"])


def test_a_first_password_that_is_owed_is_set_anew_each_time(scimmy_talk: Talk) -> None:
    passwords = []
    for _ in range(3):
        passwords.append(scimmy_talk.hmis.ensure(ORDERED).temporary_password)
        assert scimmy_talk.password() == passwords[-1]
    assert len(set(passwords)) == 3


def test_a_confirmed_accounts_password_is_never_touched(scimmy_talk: Talk) -> None:
    first = scimmy_talk.hmis.ensure(ORDERED).temporary_password
    for act, by in (("ensure", 1), ("suspend", 2), ("restore", 3), ("remove", 4), ("restore", 5), ("ensure", 5)):
        outcome = getattr(scimmy_talk.hmis, act)(later(by=by))
        assert outcome.done and outcome.temporary_password is None
    assert scimmy_talk.password() == first


def test_what_is_already_so_is_not_written_again(engine: Engine, scim2_server: ScimServer) -> None:
    hmis = scim_of(scim2_server, World(engine))
    talk = Talk(hmis, scim2_server)
    hmis.ensure(ORDERED)
    for act, order in (("restore", later()), ("suspend", later(by=2)), ("remove", later(by=3))):
        getattr(hmis, act)(order)
        before = talk.user()["meta"]["version"]
        assert getattr(hmis, act)(order).done
        assert talk.user()["meta"]["version"] == before
    hmis.close()


@pytest.mark.parametrize("act", ["ensure", "suspend", "restore", "remove"])
def test_an_order_older_than_the_last_does_nothing(talk: Talk, act: str) -> None:
    talk.hmis.ensure(ORDERED)
    talk.hmis.suspend(later(by=2))
    before = talk.user()
    outcome = getattr(talk.hmis, act)(later(agencies=(INLAND,)))
    assert not outcome.done and outcome.temporary_password is None and talk.user() == before


def test_the_next_user_id_is_kept_by_the_portal_before_it_is_used(engine: Engine, scim_server: ScimServer) -> None:
    """Two people named Smith, and a stranger who has the first one's User ID: nobody ends up with another's."""
    world = World(engine)
    agency = world.agency()
    first, second = (world.ready(agency, world.person("Jamie", "Smith")) for _ in range(2))
    scim_server.add(userName="jsmith")
    hmis = scim_of(scim_server, world)
    world.context = dataclasses.replace(world.context, core_hmis=hmis)
    world.drain()
    assert [world.account_of(member).user_id for member in (first, second)] == ["jsmith3", "jsmith2"]
    there = {user["userName"]: user.get("externalId") for user in scim_server.users()}
    assert there == {"jsmith": None} | {
        world.account_of(member).user_id: world.account_of(member).external_id for member in (first, second)
    }
    assert world.count(type(world.account_of(first)), type(world.account_of(first)).status == "active") == 2
    hmis.close()


@pytest.mark.parametrize("act", ["suspend", "restore", "remove"])
def test_a_confirmed_account_that_is_not_there_is_said_and_not_taken_by_its_name(talk: Talk, act: str) -> None:
    talk.server.add(userName="jsmith")
    with pytest.raises(CoreHMISError, match="never takes over an account by its name"):
        getattr(talk.hmis, act)(later())
    assert [user.get("externalId") for user in talk.server.users()] == [None]


@pytest.mark.parametrize("act", ["suspend", "remove"])
def test_whoever_was_never_ordered_needs_no_account_to_be_shut_out(talk: Talk, act: str) -> None:
    assert getattr(talk.hmis, act)(ORDERED).done
    assert talk.server.users() == []


@pytest.mark.parametrize("act", ["suspend", "remove"])
def test_an_account_that_may_still_come_to_be_is_made_shut(talk: Talk, act: str) -> None:
    assert getattr(talk.hmis, act)(dataclasses.replace(ORDERED, asked=True)).temporary_password is None
    assert talk.shown() == (False, [], [(ORDER, "3")])
    let_in = dataclasses.replace(ORDERED, version=4, asked=True)
    assert talk.hmis.ensure(let_in).temporary_password and talk.shown()[:2] == (True, ["case_manager_2@417"])


def test_two_accounts_with_one_external_id_are_left_to_a_person(talk: Talk) -> None:
    for name in ("jsmith", "jamie.smith"):
        talk.server.add(userName=name, externalId=ORDERED.external_id)
    before = talk.server.users()
    with pytest.raises(CoreHMISError, match=r"jamie\.smith and jsmith carry the same external id"):
        talk.hmis.ensure(ORDERED)
    assert talk.server.users() == before


def test_everybody_is_listed_page_by_page(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.adapters.core_hmis.scim_wire.PAGE", 7)
    names = {f"sample{number}" for number in range(23)}
    for name in names:
        talk.server.add(userName=name, active=name != "sample3", name={"givenName": "Sample", "familyName": name})
    rows = {row.user_id: row for row in talk.hmis.list()}
    assert set(rows) == names and [name for name, row in rows.items() if not row.active] == ["sample3"]
    assert rows["sample5"].name == "Sample sample5"


def test_a_neighbors_oddities_stop_nobody(scimmy_talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    scimmy_talk.server.add(
        userName="odd", emails=[{"value": "not an address"}], entitlements=[{"type": ORDER, "value": "x"}]
    )
    assert scimmy_talk.hmis.ensure(ORDERED).done
    assert {row.user_id for row in scimmy_talk.hmis.list()} == {"odd", "jsmith"}


def test_a_wrong_token_is_said_and_not_shown(engine: Engine, scim_server: ScimServer) -> None:
    world = World(engine)
    from portal.wiring import scim_hmis
    from tests.support.scim import scim_settings

    settings = dataclasses.replace(scim_settings(world, scim_server.base), scim_token="quite-another-token")
    hmis = scim_hmis(settings, world.sessions, world.policy, lambda: world.now)
    with pytest.raises(CoreHMISError, match="401") as refused:
        hmis.ensure(ORDERED)  # type: ignore[attr-defined]
    assert "quite-another-token" not in str(refused.value) + repr(settings)
    hmis.close()  # type: ignore[attr-defined]
