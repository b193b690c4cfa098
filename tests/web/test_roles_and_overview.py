"""The page of who may do what says what the table does; the overview tells numbers, of few people none, and nobody's name."""

import csv
import io
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Agency, Membership, Person, TrainingResult
from portal.permissions import TABLE
from portal.predicates import DELEGATE
from portal.services import roles
from portal.services.home import aggregates
from tests.factories import Town
from tests.support import town as shared
from tests.support.pages import problems_of
from tests.support.town import Browser
from workflows.action_words import GROUPS
from workflows.actions import Action
from workflows.vocabulary import AT_THE_LEAD, LEAD, ONLOOKERS, Role, Scope

built, engine, town, browser = shared.built, shared.engine, shared.town, shared.browser


def rows_of(answer: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))  # type: ignore[attr-defined]


# --- who may do what


def test_every_action_of_the_table_has_its_words_once() -> None:
    listed = [action for actions in GROUPS.values() for action in actions]
    assert sorted(listed) == sorted(Action) == sorted(TABLE)
    words = [said for actions in GROUPS.values() for said in actions.values()]
    assert len(set(words)) == len(words)


class Thing:
    """Something of an Agency, about somebody else, that nobody has asked for, signed or proposed."""

    id, person_id, requested_by, asked_by, proposed_by, signatures = 1, 900, 901, 901, "person:901", ()

    def __init__(self, agency_id: int) -> None:
        self.agency_id = agency_id


class OfNobody(Thing):
    person_id = None  # type: ignore[assignment]


@pytest.mark.parametrize("column", list(roles.COLUMNS))
def test_each_column_of_the_page_says_what_the_table_does(town: Town, browser: Browser, column: str) -> None:
    """Asked of the table with an actor of that one role: 'Yes' is everywhere, 'Own Agency' there alone, an empty cell nowhere."""
    where = LEAD if column in AT_THE_LEAD else 7
    if column == DELEGATE:
        actor = Actor(person_id=5, name="A", delegated=frozenset((7, scope.value, "Robin Example") for scope in Scope))
    else:
        actor = Actor(person_id=5, name="A", roles=frozenset({(where, column)}))
    page = {
        row["Action"]: row[roles.COLUMNS[column]]
        for row in rows_of(browser(town.harbor.members["user"]).get("/roles?format=csv"))
    }
    with town.look() as session:
        for line in roles.lines():
            said, action = page[line.words], line.action
            own = any(permissions.allows(session, actor, action, thing) for thing in (Thing(7), OfNobody(7)))
            other = any(permissions.allows(session, actor, action, thing) for thing in (Thing(8), OfNobody(8)))
            said_everywhere = said.startswith("Yes") or "; Yes" in said
            assert other == said_everywhere, (action, said)
            assert own == (said_everywhere or "Own Agency" in said), (action, said)
            mine = type("Mine", (Thing,), {"person_id": 5})(8)
            assert permissions.allows(session, actor, action, mine) == (
                "For oneself" in said or (said_everywhere and "not for oneself" not in said)
            ), (action, said)


def test_the_page_is_well_made_and_shows_every_group(town: Town, browser: Browser) -> None:
    for who in (town.harbor.members["user"], town.admin, town.staff(Role.BOARD_MEMBER)):
        page = browser(who).get("/roles").get_data(as_text=True)
        assert not problems_of(page)
        assert all(f"<h2>{group}" in page for group in GROUPS)
        assert 'href="/roles"' in page, "the footer leads here from everywhere"
    assert browser().get("/roles").status_code == 302


# --- the overview


@pytest.mark.parametrize("role", sorted(ONLOOKERS))
@pytest.mark.parametrize("via", ["password", "link"])
def test_an_onlooker_comes_by_link_or_password_and_reads_no_name_anywhere(
    app: Flask, town: Town, browser: Browser, role: Role, via: str
) -> None:
    client = browser(town.staff(role), via)
    page = client.get("/overview")
    assert page.status_code == 200 and not problems_of(page.get_data(as_text=True))
    for path in ("/overview", "/overview?format=csv", "/", "/me", "/people", "/roles"):
        answer = client.get(path)
        assert answer.status_code == 200
        for side in (town.harbor, town.inland):
            assert not shared.leaks(answer, side), path
    for path in ("/desk", "/agency/", "/desk/audit", f"/agency/{town.harbor.agency_id}"):
        assert client.get(path).status_code in (403, 404), path


@pytest.mark.parametrize("part", ["director", "admin", "officer", "user"])
def test_the_overview_is_not_for_agencies(town: Town, browser: Browser, part: str) -> None:
    assert browser(town.harbor.members[part]).get("/overview").status_code == 403


def figures(town: Town) -> dict[str, str]:
    with town.look() as session:
        found = aggregates.overview(session, actor=town.staff(Role.BOARD_MEMBER), now=town.now, policy=town.policy)
    return {figure.label: figure.shown for figure in found}


def test_of_fewer_than_five_people_no_number_is_told(town: Town) -> None:
    found = figures(town)
    assert found["Participating"] == "0" and found["Joining"] == "2", "the town's Agencies, the Lead's own left out"
    assert found["With access to the HMIS"] == "Fewer than 5"
    assert found["Median time they have waited"] == "Too few to say"
    assert "2" not in found["With access to the HMIS"]


@pytest.mark.parametrize("many", [4, 5, 6])
def test_from_five_on_the_number_is_told(town: Town, many: int) -> None:
    with town.change() as session:
        for request in session.query(AccessRequest):
            session.execute(
                AccessRequest.__table__.update().where(AccessRequest.id == request.id).values(status="issued")
            )
        agency = session.get_one(Agency, town.harbor.agency_id)
        for number in range(many):
            person = Person(
                first_name="A",
                last_name=f"B{number}",
                email=f"b{number}@example.org",
                email_key=f"b{number}@example.org",
                named_at=town.now,
            )
            session.add(person)
            session.flush()
            member = Membership(agency_id=agency.id, person_id=person.id, created_at=town.now)
            session.add(member)
            session.flush()
            session.add(
                AccessRequest(
                    membership_id=member.id, agency_id=agency.id, act="add", purpose="x", access_level="read_only", worker="staff", project_ids=[],
                    start_on=town.today, requested_at=town.now - timedelta(days=number),
                )
            )  # fmt: skip
    found = figures(town)
    assert found["Waiting for access"] == ("Fewer than 5" if many < 5 else str(many))
    assert found["Median time they have waited"] == ("Too few to say" if many < 5 else f"{(many - 1) / 2:g} days")


def test_the_rate_of_quizzes_passed_counts_the_last_year_by_each_courses_mark(town: Town) -> None:
    course, numbers = town.policy.courses[0].id, count(1)
    mark = town.policy.mark_for(course)
    with town.change() as session:
        session.execute(TrainingResult.__table__.delete())
        for score, days in ((mark, 1), (mark - 1, 1), (10000, 30), (0, 30), (10000, 364), (10000, 366)):
            number = next(numbers)
            session.add(
                TrainingResult(
                    course=course, score=score, score_as_written=str(score), taken_at=town.now - timedelta(days=days), source="hand",
                    fingerprint=f"f{number}", entered_at=town.now,
                )
            )  # fmt: skip
    found = figures(town)
    assert (found["Quizzes taken in the last year"], found["Passed"]) == ("5", "60 %")
