"""Row 1 of the list of attacks: every route by every method, whoever knocks, with one's own, another Agency's and no thing.

Each run writes a table per person to var/matrix/: of every second route, and of all of them in `make proof`. What must happen
is taken from the permission that the route declares.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zlib import crc32

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.models import Agency, Person
from tests.factories import Town
from tests.security.matrix import Knocking, Matrix, written
from tests.support import town as shared
from workflows.vocabulary import LEAD, LEAD_ROLES, ONLOOKERS, Role

FOLDER = Path(__file__).parents[2] / "var" / "matrix"
BOTH, HARBOR = frozenset({"harbor", "inland"}), frozenset({"harbor"})
FEWEST = 240


def member(part: str) -> Callable[[Town], Knocking]:
    return lambda town: Knocking(part, town.harbor.members[part], at=HARBOR)


def of_the_lead(role: Role) -> Callable[[Town], Knocking]:
    return lambda town: Knocking(role.value, town.staff(role), at=BOTH)


def onlooker(role: Role) -> Callable[[Town], Knocking]:
    """Whoever sees counts alone: no word of either Agency, on no page."""
    return lambda town: Knocking(role.value, town.staff(role))


def several(town: Town) -> Knocking:
    """Agency Admin at the one Agency, and end user at the other."""
    admin = town.harbor.members["admin"]
    with town.look() as session:
        person, inland = session.get_one(Person, admin.person_id), session.get_one(Agency, town.inland.agency_id)
    town.member(inland, person, Role.END_USER)
    return Knocking("several agencies", admin, at=BOTH)


def without_roles(town: Town) -> Knocking:
    with town.look() as session:
        lead = session.get_one(Agency, LEAD)
    return Knocking("without roles", town.member(lead, None, Role.END_USER))


PEOPLE: Mapping[str, Callable[[Town], Knocking]] = {
    "nobody": lambda _town: Knocking("nobody", sent_to="/sign-in"),
    **{part: member(part) for part in ("director", "admin", "officer", "user", "comer", "delegate")},
    **{role.value: of_the_lead(role) for role in sorted(LEAD_ROLES)},
    **{role.value: onlooker(role) for role in sorted(ONLOOKERS)},
    "several agencies": several,
    "without roles": without_roles,
    "director by link": lambda town: Knocking(
        "director by link", town.harbor.members["director"], via="link", at=HARBOR
    ),
    "board by link": lambda town: Knocking("board by link", town.staff(Role.BOARD_MEMBER), via="link"),
    "lead by link": lambda town: Knocking("lead by link", town.admin, via="link"),
}

built, engine, town = shared.built, shared.engine, shared.town


@pytest.mark.parametrize("name", PEOPLE)
def test_every_cell_is_as_the_permission_table_says(
    app: Flask, town: Town, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of the routes for each, by lot from the address, and the other half for whoever comes next in the list."""
    turn = list(PEOPLE).index(name)
    rules = [rule for rule in shared.routes(app) if (crc32(rule.rule.encode()) + turn) % 2]
    knock(app, town, name, rules, capsys)


@pytest.mark.proof
@pytest.mark.parametrize("name", PEOPLE)
def test_every_cell_of_every_route_is(app: Flask, town: Town, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    knock(app, town, name, shared.routes(app), capsys)


def knock(app: Flask, town: Town, name: str, rules: Sequence[Rule], capsys: pytest.CaptureFixture[str]) -> None:
    knocking = PEOPLE[name](town)
    client = shared.signed_in(app, town, knocking.who, knocking.via)
    table = Matrix(app, town, knocking, client).walk(rules)
    written(table, FOLDER)
    with capsys.disabled():
        sys.stdout.write(f"\n{table.text().splitlines()[0]}\n")
    assert not table.faults, "\n".join(table.faults)
    assert sum(table.counted.values()) > FEWEST
    assert table.opened >= table.openable * 0.8, "what is let in has to open, or the refusals prove nothing"
