"""Day one: rosters and lists of people come in whole, nobody is closed by it, nobody is merged, scores stay raw."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.actors import operator
from portal.models import (
    Account,
    Agency,
    AuditEntry,
    CoreUser,
    DayOneImport,
    Decision,
    Evidence,
    Grant,
    Job,
    Membership,
    OtherAddress,
    Person,
    RosterEntry,
    Seat,
    TrainingResult,
)
from portal.refusals import Refused
from portal.services import brake, daily, evidence, look_ahead
from portal.services.people import accounts, licences
from tests.services.lists import TAKES_OVER, bring, bring_roster, people, roster
from tests.services.world import World
from workflows.business_time import start_of_day
from workflows.findings import fingerprint_of
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason, Role

JAMIE = (
    "Sample Harbor,Jamie,Sample,jamie@example.org,end user,Case Manager I,jsample,2026-03-01,security,92,2026-02-01,"
)
ROBIN = "Sample Harbor,Robin,Model,robin@example.org,agency admin,Agency Admin,rmodel,2026-03-02,,,,2025-05-05"


@pytest.fixture
def world(engine: Engine) -> World:
    return with_harbor(World(engine))


def with_harbor(world: World) -> World:
    with world.change() as session:
        session.add(
            Agency(
                name="Sample Harbor",
                name_key="sample harbor",
                provider_id="77",
                mandated_by=[],
                cells={},
                entered_at=world.now,
            )
        )
    return world


def all_of(world: World, model: Any, *where: Any) -> list[Any]:
    with world.look() as session:
        return list(session.scalars(select(model).where(*where)))


def one(world: World, model: Any, *where: Any) -> Any:
    (found,) = all_of(world, model, *where)
    return found


def person_of(world: World, email: str) -> Person:
    return one(world, Person, Person.email_key == email)


def held(world: World, kind: Kind, email: str) -> list[Evidence]:
    person = person_of(world, email)
    members = [m.id for m in all_of(world, Membership, Membership.person_id == person.id)]
    mine = (Evidence.about == About.MEMBERSHIP) & Evidence.subject_id.in_(members)
    hers = (Evidence.about == About.PERSON) & (Evidence.subject_id == person.id)
    return all_of(world, Evidence, Evidence.kind == kind, mine | hers, Evidence.withdrawn_at == datetime.max)


def later(world: World, day: date) -> None:
    world.now = start_of_day(day, world.policy.zone) + timedelta(hours=10)


def night(world: World) -> None:
    """The daily sweep and everything that the worker then has to do."""
    with world.change() as session:
        daily.sweep(session, now=world.now, policy=world.policy)
    world.drain()


# --- what comes in


def test_people_come_in_with_all_that_the_list_says(world: World) -> None:
    report = bring(world, people(JAMIE, ROBIN))
    assert not report.refused, report.lines()
    assert report.counts["accounts taken over as inherited"] == 2
    grant = one(world, Grant, Grant.person_id == person_of(world, "jamie@example.org").id)
    account = one(world, Account, Account.id == grant.account_id)
    assert (grant.status, grant.outcome, grant.access_level) == ("live", "inherited", "case_manager_1")
    assert grant.confirmed_at and account.confirmed_at and account.welcomed_at
    assert (account.status, account.user_id) == ("active", "jsample")
    (inherited,) = held(world, Kind.INHERITED, "jamie@example.org")
    assert inherited.valid_until == TAKES_OVER - timedelta(1)
    assert [row.value for row in held(world, Kind.TRAINING, "jamie@example.org")] == [9200]
    assert {row.detail for row in held(world, Kind.ROLE, "robin@example.org")} == {"agency_admin"}
    (check,) = held(world, Kind.BACKGROUND_CHECK, "robin@example.org")[-1:]
    assert (check.detail, check.valid_from) == ("cleared", date(2025, 5, 5))


def test_the_decision_is_kept_as_inherited_with_facts_and_hash(world: World) -> None:
    bring(world, people(JAMIE))
    decision = one(world, Decision)
    assert (decision.outcome, decision.made_for, decision.policy_version) == (
        "inherited",
        "inherit",
        world.policy.version,
    )
    whole = {
        "policy": decision.policy_version, "membership": decision.membership_id, "on": decision.on.isoformat(),
        "findings": decision.findings, "facts": decision.facts,
    }  # fmt: skip
    assert fingerprint_of(whole) == decision.fingerprint
    assert any(fact["kind"] == "inherited" for fact in decision.facts)
    assert any(fact["kind"] == "training" and fact["value"] == 9200 for fact in decision.facts)
    assert any(finding["status"] == "unmet" for finding in decision.findings)


def test_licences_are_entered_as_granted_only_as_far_as_they_lack(world: World) -> None:
    harbor = one(world, Agency, Agency.name == "Sample Harbor")
    with world.change() as session:
        licences.grant_licences(
            session, session.get_one(Agency, harbor.id), count=1, actor=world.admin, now=world.now, policy=world.policy
        )
    report = bring(world, people(JAMIE, ROBIN))
    assert report.counts["licenses entered as granted"] == 1
    with world.look() as session:
        assert licences.usage(session, harbor.id) == {"granted": 2, "held": 2, "reserved": 0, "free": 0}
    assert all(
        row.valid_until < date.max or row.withdrawn_at < datetime.max
        for row in all_of(world, Evidence, Evidence.kind == Kind.SEAT_FREE)
    )


def test_an_agreement_without_a_version_satisfies_nothing(world: World) -> None:
    report = bring(world, people(JAMIE))
    assert "without a version" in " ".join(report.said)
    (row,) = held(world, Kind.USER_AGREEMENT, "jamie@example.org")
    assert (row.version, row.valid_from) == ("", date(2026, 3, 1))
    assert _unmet(world, "user-agreement")
    named = bring(world, people(JAMIE), agreement_version="1")
    assert named.counts["user agreements"] == 1
    assert not _unmet(world, "user-agreement")
    with pytest.raises(Refused, match="There is no version '7'"):
        bring(world, people(JAMIE), agreement_version="7")


def _unmet(world: World, prerequisite: str) -> bool:
    from portal.services import decisions

    member = one(world, Membership, Membership.person_id == person_of(world, "jamie@example.org").id)
    with world.look() as session:
        return prerequisite in {
            finding.id for finding in decisions.ask(session, member, now=world.now, policy=world.policy).unmet
        }


def test_a_score_just_under_the_mark_stays_under_it(world: World) -> None:
    bring(world, people(JAMIE.replace(",92,", ",79.999,")))
    assert [row.value for row in held(world, Kind.TRAINING, "jamie@example.org")] == [7999]
    result = one(world, TrainingResult)
    assert (result.score, result.score_as_written) == (7999, "79.999")
    assert _unmet(world, "security-training")


def test_several_lines_are_one_person_with_several_courses(world: World) -> None:
    second = "Sample Harbor,Jamie,Sample,jamie@example.org,,,,,HMIS end user training,88,2026-01-15,"
    report = bring(world, people(JAMIE, second))
    assert report.counts["new people"] == 1 and report.counts["quiz results recorded"] == 2
    assert {row.detail for row in held(world, Kind.TRAINING, "jamie@example.org")} == {"security", "hmis-basics"}


def test_nobody_is_mailed_and_nothing_is_ordered(world: World) -> None:
    bring(world, people(JAMIE, ROBIN))
    effects = {job.effect for job in all_of(world, Job)}
    assert not effects & {Effect.MAIL.value, Effect.PROVISION.value}
    world.drain()
    assert world.orders(one(world, Membership, Membership.person_id == person_of(world, "jamie@example.org").id)) == []


# --- the roster


def test_the_roster_makes_accounts_and_keeps_every_cell(world: World) -> None:
    report = bring_roster(
        world, roster('x,JSample,"Sample, Jamie",207-555-0100,jamie@example.org,Yes,01/02/2020,Sample Harbor (77)')
    )
    assert not report.refused, report.lines()
    account = one(world, Account)
    assert (account.user_id, account.status) == ("jsample", "active")
    assert one(world, Grant, Grant.account_id == account.id).outcome == "inherited"
    entry = one(world, RosterEntry)
    assert entry.cells["UserCreating"] == "x" and entry.created_on == date(2020, 1, 2)
    bring(world, people(JAMIE))
    assert one(world, Grant).access_level == "case_manager_1"


def test_an_inactive_user_keeps_the_user_id_and_gets_nothing(world: World) -> None:
    report = bring_roster(world, roster("x,jsample,Jamie Sample,,jamie@example.org,No,01/02/2020,Anywhere"))
    assert not report.refused, report.lines()
    assert [user.user_id for user in all_of(world, CoreUser)] == ["jsample"]
    assert not all_of(world, Person, Person.email_key == "jamie@example.org") and not all_of(world, Grant)
    bring(world, people(JAMIE))
    assert one(world, Account).status == "removed" and not all_of(world, Grant)
    night(world)
    assert one(world, Account).status == "removed"


def test_a_user_id_that_is_not_on_the_roster_is_refused(world: World) -> None:
    bring_roster(world, roster("x,rmodel,Robin Model,,robin@example.org,Yes,01/02/2020,77"))
    report = bring(world, people(JAMIE))
    assert [problem.rule for problem in report.errors] == ["not-on-roster"] and report.refused


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (("x,jsample,Jamie Sample,,,Yes,,77",), "email"),
        (("x,jsample,Jamie,,jamie@example.org,Yes,,77",), "name"),
        (("x,j sample,Jamie Sample,,jamie@example.org,Yes,,77",), "user_id"),
        (("x,jsample,Jamie Sample,,jamie@example.org,maybe,,77",), "active"),
        (("x,jsample,Jamie Sample,,desk@example.org,Yes,,77", "x,rmodel,Robin Model,,desk@example.org,Yes,,77"), "shared-mailbox"),
        (("x,jsample,Jamie Sample,,jamie@example.org,Yes,,77", "x,jsample2,Jamie Sample,,jamie@example.org,Yes,,77"), "two-accounts"),
        (("x,jsample,Jamie Sample,,jamie@example.org,Yes,,77", "x,jsample,Robin Model,,robin@example.org,Yes,,77"), "user-id-twice"),
        (("x,jsample,Jamie Sample,,jamie@example.org,Yes,,Sample Habor",), "agency-unknown"),
    ],
)  # fmt: skip
def test_a_bad_row_of_the_roster_refuses_all_with_line_and_reason(
    world: World, rows: tuple[str, ...], rule: str
) -> None:
    report = bring_roster(world, roster(*rows))
    assert report.refused and rule in {problem.rule for problem in report.errors}
    assert all(problem.line and problem.sentence for problem in report.errors)
    assert not all_of(world, Account) and not all_of(world, DayOneImport)


# --- nobody is closed, nobody is let in


def test_nobody_is_closed_before_the_gate_takes_over_and_then_as_the_pack_says(world: World) -> None:
    bring(world, people(JAMIE, ROBIN))
    for day in (date(2026, 11, 24), date(2027, 1, 4), TAKES_OVER - timedelta(1)):
        later(world, day)
        night(world)
        assert {grant.status for grant in all_of(world, Grant)} == {"live"}, day
    later(world, TAKES_OVER)
    night(world)
    later(world, TAKES_OVER + timedelta(7))
    night(world)
    assert {grant.status for grant in all_of(world, Grant)} == {"suspended"}


def test_whoever_will_close_is_warned_ahead_and_the_brake_asks_first(world: World) -> None:
    rows = [f"Sample Harbor,Person,Number{chr(97 + n)},p{n}@example.org,,,p{n}x,,,,," for n in range(12)]
    bring(world, people(*rows), decide={f"p{n}@example.org": "new" for n in range(12)})
    later(world, TAKES_OVER - timedelta(80))
    with world.look() as session:
        assert not look_ahead.find(session, now=world.now, policy=world.policy)
    later(world, TAKES_OVER - timedelta(30))
    with world.look() as session:
        coming = look_ahead.find(session, now=world.now, policy=world.policy)
    assert {each.due for each in coming} == {TAKES_OVER}
    assert {each.prerequisite for each in coming if each.person_id} == {
        "user-agreement",
        "privacy-notice-acknowledged",
        "security-training",
    }
    later(world, TAKES_OVER + timedelta(1))
    night(world)
    assert {grant.status for grant in all_of(world, Grant)} == {"live"}
    with world.look() as session:
        stop = brake.pulled(session)
        assert stop is not None and len(brake.held(session)) == 12


def test_whoever_lacks_nothing_by_then_stays_and_rests_on_the_gate(world: World) -> None:
    shelter = world.agency("Sample Shelter")
    ready = world.ready(shelter, world.person("Alex", "Other"), request=False)
    person = all_of(world, Person, Person.id == ready.person_id)[0]
    bring(world, people(f"Sample Shelter,{person.first_name},{person.last_name},{person.email},,,jsample,,,,,"))
    assert one(world, Grant).outcome == "inherited"
    world.record(Kind.REQUEST, About.MEMBERSHIP, ready.id)
    world.drain()
    grant = one(world, Grant)
    assert (grant.outcome, grant.status) == ("permitted", "live")
    assert one(world, Decision, Decision.id == grant.decision_id).outcome == "permitted"
    later(world, TAKES_OVER)
    night(world)
    assert one(world, Grant).status == "live"


def test_a_score_that_a_later_list_corrects_closes_nobody(world: World) -> None:
    bring(world, people(JAMIE))
    report = bring(world, people(JAMIE.replace(",92,", ",79.99,")))
    assert report.counts["quiz results corrected"] == 1
    night(world)
    assert one(world, Grant).status == "live"


def test_what_speaks_against_somebody_is_shown_before_and_refuses(world: World) -> None:
    harbor = one(world, Agency, Agency.name == "Sample Harbor")
    world.record(Kind.EXCLUDED_PROVIDER, About.AGENCY, harbor.id, detail="victim_service")
    tried = bring(world, people(JAMIE, ROBIN), dry_run=True)
    assert [closing.email for closing in tried.closings] == ["jamie@example.org", "robin@example.org"]
    assert tried.refused and tried.closings[0].sentences
    assert bring(world, people(JAMIE, ROBIN)).refused and not all_of(world, Grant)
    assert not bring(world, people(JAMIE, ROBIN), skip_bad=True).changes and not all_of(world, Grant)
    accepted = bring(world, people(JAMIE, ROBIN), accept_closing=True)
    assert not accepted.refused
    world.drain()
    assert {grant.status for grant in all_of(world, Grant)} == {"suspended"}


def test_a_sanction_of_a_person_who_is_known_is_found(world: World) -> None:
    person = world.person("Jamie", "Sample")
    world.record(Kind.SANCTION, About.PERSON, person.id, detail="suspension")
    report = bring(world, people(JAMIE.replace("jamie@example.org", person.email), ROBIN), dry_run=True)
    assert [closing.email for closing in report.closings] == [person.email]


def test_access_that_ended_here_is_not_brought_back_by_a_list(world: World) -> None:
    from portal.services.people import departures

    bring(world, people(JAMIE))
    member = one(world, Membership, Membership.person_id == person_of(world, "jamie@example.org").id)
    with world.change() as session:
        departures.deactivate(
            session, membership=session.get_one(Membership, member.id), last_day=None, reason="Left the Agency.", actor=world.desk, now=world.now,
            policy=world.policy,
        )  # fmt: skip
    report = bring(world, people(JAMIE))
    assert "ended-before" in {problem.rule for problem in report.problems}
    assert [grant.status for grant in all_of(world, Grant)] == ["ended"]


def test_an_account_that_the_portal_made_is_not_widened_by_a_list(world: World) -> None:
    shelter = world.agency("Sample Shelter")
    member = world.ready(shelter, world.person("Alex", "Other"))
    world.let_in(member)
    person = one(world, Person, Person.id == member.person_id)
    user_id = world.account_of(member).user_id
    report = bring(
        world, people(f"Sample Harbor,{person.first_name},{person.last_name},{person.email},,,{user_id},,,,,")
    )
    assert not report.refused, report.lines()
    assert [grant.outcome for grant in all_of(world, Grant)] == ["permitted"]


def test_a_second_agency_of_an_inherited_account_is_inherited_too(world: World) -> None:
    world.agency("Sample Shelter")
    rows = JAMIE, "Sample Shelter,Jamie,Sample,jamie@example.org,,,jsample,,,,,"
    officer = one(world, Membership, Membership.agency_id == one(world, Agency, Agency.name == "Sample Shelter").id)
    with world.change() as session:
        session.get_one(Person, officer.person_id).first_name = "Zebulon"
    report = bring(world, people(*rows))
    assert not report.refused, report.lines()
    assert (
        len(all_of(world, Account)) == 1
        and len(all_of(world, Grant)) == 2
        and len(all_of(world, Seat, Seat.status == "held")) == 2
    )


# --- once is enough


@pytest.mark.parametrize("kind", ["people", "roster"])
def test_the_same_list_twice_changes_nothing(world: World, kind: Any) -> None:
    data = (
        people(JAMIE, ROBIN)
        if kind == "people"
        else roster("x,jsample,Jamie Sample,,jamie@example.org,Yes,,77", "x,old,Old Model,,,No,,")
    )
    data = data.replace(b"x,old,Old Model,,,No,,", b"x,old,Old Model,,old@example.org,No,,77")
    assert bring(world, data, kind=kind).changes
    before = {
        model: world.count(model)
        for model in (AuditEntry, Evidence, Grant, Seat, Job, Person, TrainingResult, DayOneImport)
    }
    again = bring(world, data, kind=kind)
    assert not again.changes and not again.refused, again.lines()
    assert before == {model: world.count(model) for model in before}


def test_a_changed_row_changes_what_may_change_and_says_so(world: World) -> None:
    bring(world, people(JAMIE))
    changed = bring(
        world,
        people(JAMIE.replace("Case Manager I", "Read Only").replace("2026-03-01", "2026-03-09")),
        takes_over=date(2027, 4, 1),
    )
    assert {name for name in changed.counts if name not in {"rows in the file", "already on record"}} == {
        "access levels", "user agreements", "days of taking over changed",
    }  # fmt: skip
    assert [row.valid_from for row in held(world, Kind.USER_AGREEMENT, "jamie@example.org")] == [date(2026, 3, 9)]
    assert [row.valid_until for row in held(world, Kind.INHERITED, "jamie@example.org")] == [date(2027, 3, 31)]
    assert [row.detail for row in held(world, Kind.ACCESS_LEVEL, "jamie@example.org")] == ["read_only"]


def test_a_trial_writes_nothing_and_says_what_then_happens(world: World) -> None:
    before = world.count(AuditEntry)
    tried = bring(world, people(JAMIE, ROBIN), dry_run=True)
    assert world.count(AuditEntry) == before and not all_of(world, Grant)
    assert tried.counts == bring(world, people(JAMIE, ROBIN)).counts


def test_a_later_check_or_a_refused_one_is_not_overruled_by_the_list(world: World) -> None:
    bring(world, people(ROBIN.replace("2025-05-05", "2026-05-05")))
    report = bring(world, people(ROBIN))
    assert "later-check" in {problem.rule for problem in report.problems}
    assert [
        row.valid_from for row in held(world, Kind.BACKGROUND_CHECK, "robin@example.org") if row.detail == "cleared"
    ] == [date(2026, 5, 5)]


# --- doubles


def test_a_likeness_is_shown_and_never_merged(world: World) -> None:
    bring(world, people(JAMIE))
    again = people("Sample Harbor,Jaime,Sample,j.sample@example.org,,,,,,,,")
    report = bring(world, again)
    assert report.refused and [problem.rule for problem in report.errors] == ["double"]
    (double,) = report.doubles
    assert double.likenesses[0].email == "jamie@example.org" and double.choice == ""
    assert len(all_of(world, Person, Person.last_name == "Sample")) == 1
    assert not bring(world, again, skip_bad=True).changes


def test_a_double_comes_in_as_it_was_decided(world: World) -> None:
    bring(world, people(JAMIE))
    row = "Sample Harbor,Jaime,Sample,j.sample@example.org,,,,,security,97,2026-02-02,"
    same = bring(world, people(row), decide={"j.sample@example.org": "same:jamie@example.org"})
    assert not same.refused and len(all_of(world, Person, Person.last_name == "Sample")) == 1
    assert [address.email_key for address in all_of(world, OtherAddress)] == ["j.sample@example.org"]
    assert 9700 in [result.value for result in held(world, Kind.TRAINING, "jamie@example.org")]
    assert not bring(world, people(row)).changes  # remembered: nobody is asked a second time
    new = bring(world, people("Sample Harbor,Jami,Sample,jami@example.org,,,,,,,,"), decide={"jami@example.org": "new"})
    assert new.counts["new people"] == 1
    left = bring(
        world, people("Sample Harbor,Jamy,Sample,jamy@example.org,,,,,,,,"), decide={"jamy@example.org": "leave"}
    )
    assert not left.refused and not left.changes


def test_a_user_id_of_somebody_else_can_be_no_new_person(world: World) -> None:
    bring(world, people(JAMIE))
    row = people("Sample Harbor,Alex,Other,alex@example.org,,,jsample,,,,,")
    report = bring(world, row, decide={"alex@example.org": "new"})
    assert report.refused and report.doubles[0].choice == "" and not report.doubles[0].may_be_new


def test_two_lines_of_one_file_may_be_one_person(world: World) -> None:
    rows = people(JAMIE, "Sample Harbor,Jamie,Sample,j.s@example.org,,,,,security,97,2026-02-02,")
    assert bring(world, rows, dry_run=True).doubles[0].likenesses[0].where == "line 2 of this file"
    report = bring(world, rows, decide={"j.s@example.org": "same:jamie@example.org"})
    assert not report.refused, report.lines()
    assert len(all_of(world, Person, Person.last_name == "Sample")) == 1
    assert len(held(world, Kind.TRAINING, "jamie@example.org")) == 2


def test_an_address_of_somebody_with_another_name_is_refused(world: World) -> None:
    bring(world, people(JAMIE))
    report = bring(world, people("Sample Harbor,Robin,Model,jamie@example.org,,,,,,,,"))
    assert [problem.rule for problem in report.errors] == ["another-name"]


# --- bad rows


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        (JAMIE.replace("Sample Harbor", "Sample Habor"), "agency", "Did you mean Sample Harbor"),
        (JAMIE.replace("Case Manager I", "Wizard"), "access_level", "Read Only"),
        (JAMIE.replace("Case Manager I", "System Operator"), "access_level", "Lead's own staff"),
        (JAMIE.replace("end user", "wizard"), "role", "is no role"),
        (JAMIE.replace("end user", "help desk"), "role", "Lead's staff only"),
        (JAMIE.replace(",92,", ",ninety,"), "training_score", "not a number"),
        (JAMIE.replace(",92,", ",,"), "training_score", "its score and its day"),
        (JAMIE.replace("security", "pottery"), "training_course", "Security awareness training"),
        (JAMIE.replace("2026-03-01", "2027-03-01"), "agreement_signed_on", "future"),
        (JAMIE.replace("Jamie", "J4mie"), "first_name", "no name has"),
        (JAMIE.replace("jamie@example.org", "jamie@"), "email", "not an e-mail address"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_by_line_column_and_reason(world: World, row: str, column: str, says: str) -> None:
    report = bring(world, people(ROBIN, row))
    assert report.refused and not all_of(world, Grant)
    (problem,) = report.errors
    assert (problem.line, problem.column) == (3, column) and says in problem.sentence
    partly = bring(world, people(ROBIN, row), skip_bad=True)
    assert partly.counts["left out"] == 1 and len(all_of(world, Grant)) == 1


def test_an_agency_can_be_meant_by_another_name(world: World) -> None:
    row = JAMIE.replace("Sample Harbor", "The Old Name Society")
    assert bring(world, people(row)).unknown_agencies[0].written == "The Old Name Society"
    assert not bring(world, people(row), agencies={"the old name society": "Sample Harbor"}).refused
    for written in ("SAMPLE HARBOR, Inc.", "Sample Harbor (77)", "77"):
        assert not bring(world, people(JAMIE.replace("Sample Harbor", f'"{written}"')), dry_run=True).refused


def test_the_importers_own_row_is_left_out(world: World) -> None:
    with world.change() as session:
        me = session.get_one(Person, world.admin.person_id)
        me.last_name = "Administrator"
    report = bring(world, people(f"{world.policy.lead},{me.first_name},{me.last_name},{me.email},help desk,,me1,,,,,"))
    assert not report.changes and "own-row" in {problem.rule for problem in report.problems}


def test_only_a_lead_administrator_or_the_operator_imports(world: World) -> None:
    with pytest.raises(Refused) as no:
        bring(world, people(JAMIE), actor=world.desk)
    assert no.value.reason is Reason.NOT_ALLOWED
    assert not bring(world, people(JAMIE, ROBIN), actor=operator("tester")).refused


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 1, 1), date(2028, 1, 1)])
def test_the_day_of_taking_over_lies_ahead_and_not_too_far(world: World, day: date) -> None:
    with pytest.raises(Refused):
        bring(world, people(JAMIE), takes_over=day)


def test_a_user_id_that_is_taken_over_is_never_given_again(world: World) -> None:
    bring(world, people(JAMIE))
    other = world.person("Jo", "Sample")
    with world.change() as session:
        assert accounts.proposed_user_id(session, session.get_one(Person, other.id)) == "jsample2"


def test_both_databases_take_over_and_close_nobody(each_engine: Engine) -> None:
    world = with_harbor(World(each_engine))
    assert not bring_roster(
        world,
        roster(
            "x,jsample,Jamie Sample,,jamie@example.org,Yes,01/02/2020,77",
            "x,rmodel,Robin Model,,robin@example.org,Yes,,77",
        ),
    ).refused
    assert not bring(world, people(JAMIE, ROBIN)).refused
    night(world)
    assert {(grant.status, grant.outcome) for grant in all_of(world, Grant)} == {("live", "inherited")}
    assert not bring(world, people(JAMIE, ROBIN)).changes
    with world.change() as session:
        member = session.scalars(select(Membership).where(Membership.agency_id != LEAD).limit(1)).one()
        evidence.record(
            session, actor=world.admin, now=world.now, kind=Kind.SANCTION, about=About.MEMBERSHIP, subject_id=member.id, detail="revocation",
            valid_from=world.today,
        )  # fmt: skip
    world.drain()
    assert sorted(grant.status for grant in all_of(world, Grant)) == ["live", "suspended"]


def test_roles_of_the_lead_come_in_from_the_list(world: World) -> None:
    report = bring(world, people(f"{world.policy.lead},Chris,Model,chris@example.org,trainer,,,,,,,"))
    assert not report.refused, report.lines()
    assert {row.detail for row in held(world, Kind.ROLE, "chris@example.org")} == {Role.TRAINER.value}
