"""The Maine pack says what the manual says, and a pack with a mistake is refused by file, stanza and field."""

import hashlib
import re
from dataclasses import FrozenInstanceError
from datetime import time, timedelta
from pathlib import Path

import pytest

from workflows.pack import ACTS
from workflows.periods import Period
from workflows.policy import MAINE, Policy, PolicyError, load, text_of
from workflows.prerequisites import NEVER_WITHOUT
from workflows.questions import Basis, Needs, OnLapse
from workflows.vocabulary import KINDS, PROTOCOLS, RECEIPTS, About, Kind, Role

TEXT = text_of(MAINE)
POLICY = load()
HEADINGS = set((MAINE / "headings.txt").read_text(encoding="utf-8").splitlines())


def cites(policy: Policy) -> list[tuple[str, str]]:
    named = [(p.id, p.cite) for p in policy.prerequisites]
    for several in (policy.courses, policy.access_levels, policy.device_kinds, policy.protocols, policy.funders):
        named += [(one.id, one.cite) for one in several]
    for one in (
        "seats",
        "one_time_code",
        "links",
        "core_password",
        "sign_in",
        "work_orders",
        "notice",
        "retention",
        "brake",
        "warnings",
    ):
        named.append((one, getattr(policy, one).cite))
    return named + list(policy.cites.items())


def test_every_cite_is_a_heading_of_the_manual() -> None:
    for called, cite in cites(POLICY):
        for heading in cite.split("; "):
            assert heading in HEADINGS, f"{called} cites {heading!r}, which is no heading"


def test_every_threshold_of_the_manual_stands_in_the_pack() -> None:
    assert POLICY.pass_mark == 8000
    assert POLICY.seats.reservation == Period.parse("P30D")
    assert (POLICY.one_time_code.digits, POLICY.one_time_code.tries, POLICY.one_time_code.minutes) == (6, 5, 10)
    rules = POLICY.core_password
    assert (rules.profile, rules.shortest, rules.longest, rules.digits) == ("manual", 8, 50, 2)
    assert (rules.change_after, rules.reveal) == (Period(days=45), timedelta(hours=72))
    assert (POLICY.sign_in.idle_minutes, POLICY.sign_in.tries) == (30, 3)
    assert (POLICY.hours.opens, POLICY.hours.closes, POLICY.zone) == (time(8), time(16), "America/New_York")
    assert (POLICY.notice.program_change_days, POLICY.notice.plan_months) == (5, 6)
    assert (POLICY.retention.years, POLICY.brake.share, POLICY.brake.least) == (5, 500, 3)
    assert POLICY.warnings.days == (30, 7, 1)
    assert POLICY.work_orders.confirmed_by == "help_desk"
    assert set(POLICY.work_orders.fields) == set(ACTS)


def test_the_ten_protocol_topics_and_five_receipts_are_asked_for() -> None:
    assert tuple(topic.id for topic in POLICY.protocols) == PROTOCOLS
    assert POLICY.prerequisite("security-protocols").detail == PROTOCOLS
    assert POLICY.prerequisite("manuals-received").detail == RECEIPTS


def test_what_a_lapse_does_is_what_the_lead_decided() -> None:
    suspends = {p.id for p in POLICY.prerequisites if p.on_lapse is OnLapse.SUSPEND}
    assert suspends == {
        "not-excluded-provider", "agency-not-suspended", "participation-agreement", "not-departed", "no-open-sanction",
        "licence-not-revoked", "no-open-retraining", "user-agreement", "privacy-notice-acknowledged",
     "security-training",
    }  # fmt: skip
    assert {p.on_lapse for p in POLICY.prerequisites} == {OnLapse.SUSPEND, OnLapse.HOLD_NEW}
    assert not any(p.waivable for p in POLICY.prerequisites if p.on_lapse is OnLapse.SUSPEND)


def test_practice_of_other_leads_is_off_in_maine() -> None:
    assert not [p.id for p in POLICY.prerequisites if p.basis is Basis.PRACTICE]


def test_courses_are_those_that_roles_and_level_call_for() -> None:
    assert [c.id for c in POLICY.courses_for([Role.END_USER], "case_manager_1")] == ["hmis-basics", "security"]
    assert [c.id for c in POLICY.courses_for([Role.END_USER], "agency_admin")] == [
        "hmis-basics",
        "security",
        "agency-admin",
    ]


def test_a_course_may_have_its_own_pass_mark() -> None:
    other = load(TEXT.replace("[training]\n", "[training]\npass_marks = { reports = 85.5 }\n"))
    assert (other.mark_for("reports"), other.mark_for("security")) == (8550, 8000)
    assert ("reports", 8550) in other.prerequisite("courses-passed").marks


def test_the_version_is_the_hash_of_the_text() -> None:
    assert POLICY.version == hashlib.sha256(TEXT.encode()).hexdigest()
    assert load(TEXT, "from the database").version == POLICY.version
    assert load(TEXT + "\n").version != POLICY.version


def test_a_pack_is_read_from_a_file_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(TEXT.replace('name = "Maine HMIS"', 'name = "Elsewhere"'), encoding="utf-8")
    assert load(tmp_path / "other.toml").name == "Elsewhere"


def test_a_policy_is_never_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        POLICY.pass_mark = 0
    with pytest.raises(TypeError):
        POLICY.marks["security"] = 0


def test_every_kind_that_speaks_against_somebody_is_in_the_pack() -> None:
    for never in NEVER_WITHOUT:
        assert [
            p for p in POLICY.prerequisites if (p.evidence, p.about, p.needs) == (never.kind, never.about, Needs.ABSENT)
        ]


def stanza(prerequisite: str) -> str:
    """One prerequisite as it stands in the file."""
    found = re.search(rf'\[\[prerequisite\]\]\nid +[=] "{prerequisite}"\n(?:.+\n)+', TEXT)
    assert found, prerequisite
    return found.group()


def within(prerequisite: str, one: str, other: str) -> str:
    old = stanza(prerequisite)
    assert one in old, f"{prerequisite} has no {one!r}"
    return TEXT.replace(old, old.replace(one, other, 1))


def everywhere(one: str, other: str) -> str:
    assert one in TEXT, one
    return TEXT.replace(one, other, 1)


def also(prerequisite: str, line: str) -> str:
    old = stanza(prerequisite)
    return TEXT.replace(old, f"{old.rstrip()}\n{line}\n")


def without(prerequisite: str) -> str:
    return TEXT.replace(stanza(prerequisite), "")


MISTAKES: list[tuple[str, str, str, str]] = [
    ("no TOML at all", "name = ", "pack.toml", "no TOML"),
    ("a name missing", everywhere('name = "Maine HMIS"\n', ""), "the pack, name", "missing"),
    ("an empty name", everywhere('"Maine HMIS"', '" "'), "the pack, name", "no text"),
    ("an unknown table", TEXT + '\n[surprise]\nx = 1\n', "the pack, surprise", "no such field"),
    ("an unknown field of a table", everywhere("digits  = 6", "digits  = 6\ndigit = 6"),
     "one_time_code, digit", "no such field"),
    ("a table missing", everywhere("[brake]\nshare = 5", "[brakes]\nshare = 5"), "the pack, brake", "missing"),
    ("a number where a table belongs", re.sub(r"\[brake\]\n(.+\n)+", "", TEXT).replace("[training]",
     "brake = 5\n[training]", 1), "brake", "table"),
    ("a brake that no number of lapses pulls", everywhere("least = 3", "least = 0"), "brake, least", "from 1 to"),
    ("warnings that come nearer first", everywhere("days = [30, 7, 1]", "days = [1, 7, 30]"),
     "warnings, days", "furthest first"),
    ("no day of warning", everywhere("days = [30, 7, 1]", "days = []"), "warnings, days", "such as [30, 7, 1]"),
    ("a warning on the day itself", everywhere("days = [30, 7, 1]", "days = [7, 0]"), "warnings, days", "down to 1"),
    ("a code of three digits", everywhere("digits  = 6", "digits  = 3"), "one_time_code, digits", "from 6 to 8"),
    ("true where a number belongs", everywhere("digits  = 6", "digits  = true"),
     "one_time_code, digits", "whole number"),
    ("a pass mark of 101", everywhere("pass_mark = 80", "pass_mark = 101"), "training, pass_mark", "from 0 to 100"),
    ("a pass mark with three decimals", everywhere("pass_mark = 80", "pass_mark = 79.999"),
     "training, pass_mark", "two decimals"),
    ("a pass mark that is not a number", everywhere("pass_mark = 80", "pass_mark = nan"),
     "training, pass_mark", "percentage"),
    ("a pass mark as text", everywhere("pass_mark = 80", 'pass_mark = "80"'), "training, pass_mark", "no percentage"),
    ("a mark for an unknown course", everywhere("[training]\n", "[training]\npass_marks = { reprots = 85 }\n"),
     "training.pass_marks, reprots", "no such course"),
    ("a period in words", everywhere('reservation = "P30D"', 'reservation = "a month"'), "seats, reservation", "P1Y"),
    ("a span with years", everywhere('reveal       = "PT72H"', 'reveal       = "P1Y"'),
     "core_password, reveal", "PT72H"),
    ("an unknown licence", everywhere('["core", "art"]', '["core", "tableau"]'), "seats, kinds", "tableau"),
    ("a link that lives no time", everywhere('reset      = "PT1H"', 'reset      = "PT0H"'),
     "links, reset", "more than nothing"),
    ("a password longer than the longest", everywhere("longest      = 50",
     "longest      = 8\n#").replace("shortest     = 8", "shortest     = 12"),
     "core_password, longest", "less than the shortest"),
    ("a desk that closes before it opens", everywhere("closes = 16:00:00", "closes = 07:00:00"),
     "hours, closes", "08:00"),
    ("hours as text", everywhere("opens  = 08:00:00", 'opens  = "8"'), "hours, opens", "08:00:00"),
    ("an unknown time zone", everywhere("America/New_York", "America/Augusta"), "hours, zone", "America/Augusta"),
    ("a holiday on February 30", everywhere("month = 6\nday   = 19", "month = 2\nday   = 30"),
     "holiday 'Juneteenth', day", "from 1 to 28"),
    ("a holiday on a sixth Monday", everywhere("nth     = 3", "nth     = 6"),
     "holiday 'Martin Luther King Jr. Day', nth", "from -1 to 4"),
    ("a holiday on no Monday", everywhere("nth     = 3", "nth     = 0"),
     "holiday 'Martin Luther King Jr. Day', nth", "0 is none"),
    ("a holiday on a Mondy", everywhere('weekday = "monday"', 'weekday = "mondy"'), "weekday", "mondy"),
    ("an alarm before the order is due", everywhere("alarm_hours  = 16", "alarm_hours  = 4"),
     "work_orders, alarm_hours", "due"),
    ("orders confirmed by anybody", everywhere('confirmed_by = "help_desk"', 'confirmed_by = "anybody"'),
     "work_orders, confirmed_by", "anybody"),
    ("an act without fields", everywhere('remove    = ["user_id", "last_name", "licence", "active"]', ""),
     "work_orders.fields, remove", "missing"),
    ("an unknown field of an order", everywhere('remove    = ["user_id"', 'remove    = ["user"'),
     "work_orders.fields, remove", "'user'"),
    ("an unknown act", everywhere("remove    =", 'erase = ["user_id"]\nremove    ='),
     "work_orders.fields, erase", "no such field"),
    ("a course for an unknown role", everywhere('roles  = ["end_user"', 'roles  = ["enduser"'),
     "course 'hmis-basics', roles", "enduser"),
    ("a course for an unknown level", everywhere('levels = ["agency_admin"]', 'levels = ["admin"]'),
     "course 'agency-admin', levels", "'admin'"),
    ("a course twice", everywhere('id     = "reports"', 'id     = "security"'), "course 'security', id", "twice"),
    ("an access level twice", everywhere('id    = "volunteer"', 'id    = "read_only"'),
     "access_level 'read_only', id", "twice"),
    ("a device with an unknown trait", everywhere('traits = ["laptop"]', 'traits = ["labtop"]'),
     "device_kind 'laptop', traits", "labtop"),
    ("a protocol topic nobody can attest", everywhere('id       = "hipaa_breach"', 'id       = "hippa_breach"'),
     "protocol_topic 'hippa_breach', id", "hippa_breach"),
    ("a funder code as text", everywhere("codes = [21]", 'codes = ["21"]'), "funder 'path', codes", "whole numbers"),
    ("no prerequisite", re.sub(r"\[\[prerequisite\]\](?:.*\n)+", "", TEXT), "the pack, prerequisite", "missing"),
    ("an id with capitals", within("configured", '"configured"', '"Configured"'),
     "prerequisite 'Configured', id", "small letters"),
    ("an id that is a column", within("configured", '"configured"', '"permitted"'),
     "prerequisite 'permitted', id", "permitted"),
    ("an id twice", within("information-form", '"information-form"', '"configured"'),
     "prerequisite 'configured', id", "twice"),
    ("a title missing", within("configured", "title    =", "titel    ="),
     "prerequisite 'configured', title", "missing"),
    ("a field nobody knows", also("configured", "max_aeg = \"P1Y\""), "prerequisite 'configured', max_aeg", "spelling"),
    ("an unknown need", within("configured", '"held"', '"had"'), "prerequisite 'configured', needs", "held, absent"),
    ("a misspelt kind in an absent stanza", within("no-open-retraining", '"retraining"', '"retrainign"'),
     "prerequisite 'no-open-retraining', evidence", "retrainign"),
    ("a kind that is never about that subject",
     within("no-open-retraining", 'about    = "person"', 'about    = "agency"'),
     "prerequisite 'no-open-retraining', evidence", "only about person"),
    ("an unknown subject", within("configured", 'about    = "agency"', 'about    = "office"'),
     "prerequisite 'configured', about", "office"),
    ("a misspelt detail in an absent stanza", within("no-open-sanction", '"suspension"', '"suspention"'),
     "prerequisite 'no-open-sanction', detail", "suspention"),
    ("a detail of a kind that has none", also("configured", 'detail = "fully"'),
     "prerequisite 'configured', detail", "no details"),
    ("an unknown course", within("security-training", 'detail   = "security"', 'detail   = "secrity"'),
     "prerequisite 'security-training', detail", "secrity"),
    ("detail and each", also("privacy-notice-posted", 'detail = "sign"'),
     "prerequisite 'privacy-notice-posted', detail", "names its details there"),
    ("each of a misspelt list", within("manuals-received", '"manual", ', '"manaul", '),
     "prerequisite 'manuals-received', each", "manaul"),
    ("each of nothing", within("privacy-notice-posted", '["privacy_notice", "sign"]', "[]"),
     "prerequisite 'privacy-notice-posted', each", "at least one"),
    ("each one twice", within("privacy-notice-posted", '"sign"]', '"privacy_notice"]'),
     "prerequisite 'privacy-notice-posted', each", "twice"),
    ("each of a kind about somebody else", within("courses-passed", '"course_assigned"', '"training"'),
     "prerequisite 'courses-passed', each", "only about person"),
    ("all that the pack lists of what it does not list", within("configured", 'about ', 'each = "*"\nabout '),
     "prerequisite 'configured', each", "lists nothing"),
    ("a score for what has none", also("configured", "at_least = 80"),
     "prerequisite 'configured', at_least", "quiz result"),
    ("a score in words", within("security-training", '"pass_mark"', '"passed"'),
     "prerequisite 'security-training', at_least", "pass_mark"),
    ("an age in words", within("security-training", '"P1Y"', '"yearly"'),
     "prerequisite 'security-training', max_age", "yearly"),
    ("a version other than the current", within("user-agreement", '"current"', '"newest"'),
     "prerequisite 'user-agreement', version", "newest"),
    ("a grace without a version", also("configured", 'grace = "P1M"'), "prerequisite 'configured', grace", "version"),
    ("an unknown place", within("configured", 'at       = "agency"', 'at       = "office"'),
     "prerequisite 'configured', at", "office"),
    ("an unknown role", within("background-check", '"security_officer"', '"security_oficer"'),
     "prerequisite 'background-check', applies_to", "security_oficer"),
    ("an unknown access level", within("own-admin-agreement", '"access_level=agency_admin"', '"access_level=admin"'),
     "prerequisite 'own-admin-agreement', applies_to", "'admin'"),
    ("roles that are about somebody else",
     within("own-admin-agreement", '"access_level=agency_admin"', '"trait=laptop"'),
     "prerequisite 'own-admin-agreement', applies_to", "only about device"),
    ("a trait that devices do not have", within("laptop-statement", '"laptop"', '"tablet"'),
     "prerequisite 'laptop-statement', when", "tablet"),
    ("a trait of an agency", also("configured", 'when = "laptop"'), "prerequisite 'configured', when", "only a device"),
    ("a device asked by role", also("laptop-statement", 'applies_to = "end_user"'),
     "prerequisite 'laptop-statement', applies_to", "use when"),
    ("a substitute of an unknown kind", within("licence-seat", '"seat_free"', '"seat_fre"'),
     "prerequisite 'licence-seat', or, evidence", "seat_fre"),
    ("a substitute with an unknown detail",
     within("licence-seat", '"seat_free", detail = "core"', '"seat_free", detail = "cor"'),
     "prerequisite 'licence-seat', or, detail", "'cor'"),
    ("a substitute about somebody else", within("licence-seat", 'about = "agency" }', 'about = "person" }'),
     "prerequisite 'licence-seat', or, evidence", "only about agency"),
    ("a substitute with a field nobody knows",
     within("licence-seat", 'about = "agency" }', 'about = "agency", version = "current" }'),
     "prerequisite 'licence-seat', or, version", "no such field"),
    ("a substitute for what must be absent",
     also("not-departed", 'or = { evidence = "request", about = "membership" }'),
     "prerequisite 'not-departed', or", "no substitute"),
    ("a substitute for a device", also("device", 'or = { evidence = "request", about = "membership" }'),
     "prerequisite 'device', or", "substitute"),
    ("a waiver of what must be absent", also("not-departed", "waivable = true"),
     "prerequisite 'not-departed', waivable", "never waived"),
    ("an age of what must be absent", also("not-departed", 'max_age = "P1Y"'),
     "prerequisite 'not-departed', max_age", "open by itself"),
    ("a version of what must be absent", also("not-departed", 'version = "current"'),
     "prerequisite 'not-departed', version", "open by itself"),
    ("a waiver in words", within("housing-inventory", "waivable = true", 'waivable = "yes"'),
     "prerequisite 'housing-inventory', waivable", "true nor false"),
    ("an unknown lapse", within("not-departed", '"suspend"', '"suspended"'),
     "prerequisite 'not-departed', on_lapse", "suspended"),
    ("an unknown basis", within("configured", '"local"', '"law"'), "prerequisite 'configured', basis", "law"),
    ("no cite", within("configured", "cite     =", "#"), "prerequisite 'configured', cite", "missing"),
    ("no step", within("licence-seat", '[{ who = "lead", do = "Grant the Agency a license" }]', "[]"),
     "prerequisite 'licence-seat', steps", "at least one"),
    ("a step for nobody", within("licence-seat", 'who = "lead"', 'who = "leed"'),
     "prerequisite 'licence-seat', step 1, who", "leed"),
    ("a last step that is never the last",
     within("licence-seat", '"Grant the Agency a license"', '"Grant", done = "seat"'),
     "prerequisite 'licence-seat', step 1, done", "the last none"),
    ("a first step without an end", within("information-form", ', done = "information_form_sent"', ""),
     "prerequisite 'information-form', step 1, done", "every step but the last"),
    ("a step done by an unknown kind", within("information-form", '"information_form_sent"', '"information_form_send"'),
     "prerequisite 'information-form', step 1, done", "information_form_send"),
    ("a step done by an unknown detail",
     within("background-check", '"background_check=ordered"', '"background_check=order"'),
     "prerequisite 'background-check', step 1, done", "'order'"),
    ("victim service providers let in", without("not-excluded-provider"), "excluded_provider", "shared HMIS"),
    ("victim service providers only held", within("not-excluded-provider", '"suspend"', '"hold_new"'),
     "excluded_provider", "shared HMIS"),
    ("legal service providers let in", within("not-excluded-provider", 'about ', 'detail = "victim_service"\nabout '),
     "excluded_provider", "legal_service"),
    ("suspended Agencies let in", without("agency-not-suspended"), "sanction", "loses its access"),
    ("revoked people let in", within("no-open-sanction", '["suspension", "revocation"]', '"suspension"'),
     "sanction", "loses access"),
    ("sanctions for some roles only", also("no-open-sanction", 'applies_to = "end_user"'), "sanction", "for everybody"),
    ("departures without effect", without("not-departed"), "departure", "whoever leaves"),
    ("devices at different places", also("laptop-statement", 'at = "agency"'),
     "prerequisite 'laptop-statement', at", "same as 'device'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "what"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_pack_is_refused_for(text: str, where: str, what: str) -> None:
    with pytest.raises(PolicyError) as refused:
        load(text, "pack.toml")
    sentence = str(refused.value)
    assert sentence.startswith("pack.toml")
    assert where in sentence
    assert what in sentence
    assert "\n" not in sentence


def test_every_kind_a_stanza_can_ask_for_is_in_the_vocabulary() -> None:
    assert set(KINDS) == set(Kind)
    assert {about for info in KINDS.values() for about in info.about} == set(About)


def test_a_pack_kept_from_before_there_were_warnings_still_loads() -> None:
    """Decisions name their pack for years: one without [warnings] and `least` stands on what the Maine pack says."""
    older = re.sub(r"\[warnings\].*\n(.+\n)+", "", TEXT).replace(
        "least = 3                        # fewer than that never do\n", ""
    )
    assert "[warnings]" not in older and "least" not in older.split("[brake]")[1].split("\n\n")[0]
    policy = load(older, "older.toml")
    assert policy.warnings.days == (30, 7, 1) and policy.brake.least == 3
