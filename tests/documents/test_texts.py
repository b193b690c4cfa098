"""The paperwork is complete: every section, clause, topic and statement that the rules ask for is there."""

import re

import pytest

from forms.documents import DocumentText, changes_since, kinds, latest, load_all, text, versions
from workflows.vocabulary import PROTOCOLS, RECEIPTS

EVERY = [pytest.param(document, id="-".join(key)) for key, document in sorted(load_all().items())]

KINDS = {
    "participation_agreement",
    "user_agreement",
    "privacy_notice",
    "agency_admin_agreement",
    "security_officer_acceptance",
    "receipt_of_manuals",
    "review_attestation",
    "laptop_statement",
    "home_office_authorisation",
    "information_form",
    "housing_inventory",
    "security_protocols",
    "electronic_consent",
}

# Section by section, with words without which the section would not say what it is for.
PARTICIPATION = {
    "parties": ["authority", "starts on", "enter into contracts"],
    "definitions": ["Protected Identifying Information", "Process", "Comparable database"],
    "incorporated_documents": ["version", "Policies", "Governance Model", "Data Quality Plan", "Dictionary"],
    "terms_of_use": ["access level", "totals"],
    "lead_duties": ["training and technical assistance", "security plan", "help desk"],
    "agency_duties": ["Agency Administrator", "Security officer", "Executive director", "Backup"],
    "privacy_and_client_rights": [
        "limits what is collected", "purposes", "disclosed", "open to everyone", "see and correct", "answer for",
        "domestic violence, dating violence, sexual assault or stalking", "sign", "No one is refused service",
    ],
    "sharing": ["{sharing_option}", "Without a choice, nothing is shared", "Authorization for Disclosure"],
    "excluded_providers": ["victim service", "legal service", "no one may waive"],
    "health_privacy": ["business associate agreement", "qualified service organization agreement", "42 CFR Part 2"],
    "security_plan": ["breach", "wiping"],
    "workstations": ["firewall", "viruses", "laptop", "work-at-home policy", "not public"],
    "users": ["background check", "Volunteers", "same day", "never shared"],
    "training": ["80 percent", "once a year"],
    "data_quality": ["monthly", "Housing Inventory"],
    "fees": ["{participation_fee}", "license"],
    "processing": ["both process Protected Identifying Information", "vendors"],
    "incidents": ["same business day", "without naming clients"],
    "monitoring": ["security review", "corrective plan"],
    "sanctions": ["reprimand", "training", "financial penalty", "license", "privileges", "prosecution", "appeal"],
    "ownership": ["see and correct", "records move", "ends"],
    "liability": ["insurance"],
    "retention": ["five years", "three", "end of the grant"],
    "electronic_signature": ["paper", "consent", "copy"],
    "signatures": ["By signing"],
}  # fmt: skip

CLAUSES = {
    "own_login": ["mine alone"],
    "password": ["nobody", "write it down"],
    "lock_or_log_off": ["log off", "lock"],
    "job_only": ["only the records that my work"],
    "no_lookups": ["my own record", "family", "acquaintances"],
    "accurate_entry": ["Data Quality Plan", "never make up"],
    "no_denial": ["do not refuse"],
    "notice_and_revocation": ["privacy notice", "withdraws"],
    "no_names_in_messages": ["e-mail", "ticket", "screenshot"],
    "exports_and_paper": ["destroy"],
    "approved_devices": ["listed and approved", "home"],
    "report_incidents": ["same day"],
    "change_of_role": ["leave, change jobs"],
    "yearly_training": ["once a year", "80 percent"],
    "privacy_notice": ["received a copy", "pledge"],
    "sanctions": ["suspended", "prosecuted"],
    "lasting_duty": ["after my job"],
    "contact_the_lead": ["help desk of the HMIS Lead", "do not contact the company"],
}


def words_of(document: DocumentText, id_: str) -> str:
    section = document.section(id_)
    return "\n".join((section.heading, *section.paragraphs, *section.items))


def whole(document: DocumentText) -> str:
    lines = [document.title, *document.summary, *document.changes]
    lines += [words_of(document, section.id) for section in document.sections]
    lines += [f"{field.label}\n{field.hint}" for field in document.fields]
    return "\n".join([*lines, *(signer.statement for signer in document.signers)])


def test_every_kind_of_paper_is_there() -> None:
    assert set(kinds()) == KINDS


@pytest.mark.parametrize(("id_", "words"), PARTICIPATION.items(), ids=PARTICIPATION)
def test_the_participation_agreement_has_every_section(id_: str, words: list[str]) -> None:
    said = words_of(latest("participation_agreement"), id_)
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(("id_", "words"), CLAUSES.items(), ids=CLAUSES)
def test_the_user_agreement_has_every_clause_and_each_is_initialled(id_: str, words: list[str]) -> None:
    document = latest("user_agreement")
    assert id_ in document.initialled
    assert [word for word in words if word not in words_of(document, id_)] == []


def test_the_user_agreement_is_policy_ethics_and_request_in_one() -> None:
    document = latest("user_agreement")
    assert [part.heading for part in document.parts] == [
        "User policy and responsibilities statement",
        "Code of ethics",
        "Request for training and signature",
    ]
    assert document.numbers["own_login"] == "A1"
    assert document.numbers["dignity"] == "B1"


def test_the_ten_protocol_topics_are_attested_one_by_one_with_document_and_date() -> None:
    document = latest("security_protocols")
    assert document.initialled == PROTOCOLS
    for topic in PROTOCOLS:
        assert {f"{topic}_document", f"{topic}_date"} <= {field.name for field in document.fields if field.required}


def test_the_five_documents_are_received_one_by_one() -> None:
    assert latest("receipt_of_manuals").initialled == RECEIPTS


@pytest.mark.parametrize(
    ("kind", "capacities"),
    [
        ("participation_agreement", ["executive_director", "lead"]),
        ("user_agreement", ["user"]),
        ("privacy_notice", ["user"]),
        ("agency_admin_agreement", ["agency_admin", "executive_director"]),
        ("security_officer_acceptance", ["security_officer", "executive_director"]),
        ("laptop_statement", ["user", "executive_director"]),
        ("home_office_authorisation", ["user", "executive_director"]),
    ],
)
def test_who_signs_and_in_which_order(kind: str, capacities: list[str]) -> None:
    assert [signer.capacity for signer in latest(kind).signers] == capacities


def test_the_statement_of_authority_says_that_the_official_may_bind_the_agency() -> None:
    said = latest("participation_agreement").signer("executive_director").statement
    assert "authorized to enter into contracts" in said


@pytest.mark.parametrize("document", EVERY)
def test_no_placeholder_and_marked_as_a_sample(document: DocumentText) -> None:
    assert re.findall(r"\b(lorem|ipsum|todo|tbd|tba|xxx+|fixme|placeholder|insert here)\b", whole(document), re.I) == []
    assert document.mark == "SAMPLE for review by counsel"


@pytest.mark.parametrize("document", EVERY)
def test_every_local_basis_is_a_heading_of_the_manual(document: DocumentText) -> None:
    from importlib.resources import files

    pack = files("workflows") / "policies" / "maine" / "headings.txt"
    headings = pack.read_text(encoding="utf-8")
    for basis in document.basis:
        assert basis.basis != "local" or basis.cite in headings


@pytest.mark.parametrize("kind", ["participation_agreement", "user_agreement"])
def test_there_is_an_earlier_version_and_what_changed_is_said(kind: str) -> None:
    assert versions(kind) == ("2025-1", "2026-1")
    assert changes_since(kind, "2025-1", "2026-1") == text(kind, "2026-1").changes != ()
    assert changes_since(kind, "2026-1", "2026-1") == ()
    assert text(kind, "2025-1").sha256 != latest(kind).sha256


def test_the_changes_are_real() -> None:
    old, new = text("participation_agreement", "2025-1"), latest("participation_agreement")
    assert {"health_privacy", "electronic_signature"} == set(new.numbers) - set(old.numbers)
    assert "appeal" not in words_of(old, "sanctions")
    assert "Backup" not in words_of(old, "agency_duties")
    before, after = text("user_agreement", "2025-1"), latest("user_agreement")
    assert set(after.numbers) - set(before.numbers) == {"contact_the_lead"}
    assert "ticket" not in words_of(before, "no_names_in_messages")


def grade(words: str) -> float:
    """The Flesch-Kincaid grade, with a rough count of syllables."""
    sentences = max(1, len(re.findall(r"[.!?](?:\s|$)", words)))
    found = re.findall(r"[A-Za-z']+", words)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))) for word in found)
    return 0.39 * len(found) / sentences + 11.8 * syllables / len(found) - 15.59


def sentences(document: DocumentText) -> str:
    """All paragraphs and items, each ending as a sentence."""
    lines = [line for section in document.sections for line in (*section.paragraphs, *section.items)]
    return "\n".join(f"{line.rstrip('.')}." for line in lines)


@pytest.mark.parametrize("document", EVERY)
def test_the_plain_summary_reads_at_the_eighth_grade(document: DocumentText) -> None:
    assert grade("\n".join(document.summary)) <= 8.5


@pytest.mark.parametrize("kind", ["user_agreement", "privacy_notice", "electronic_consent", "laptop_statement"])
def test_what_everybody_signs_reads_at_the_eighth_grade(kind: str) -> None:
    assert grade(sentences(latest(kind))) <= 8.5


def test_the_contract_stays_near_it() -> None:
    assert grade(sentences(latest("participation_agreement"))) <= 9.5


# A text that somebody may have signed never changes: a change is a new version in a new file.
FINGERPRINTS = {
    "agency_admin_agreement/2026-1": "98e49ade8d3463a1",
    "electronic_consent/2026-1": "4a36ec785b6c9ab7",
    "home_office_authorisation/2026-1": "8cf60b468f37197e",
    "housing_inventory/2026-1": "931adb3aa987aecc",
    "information_form/2026-1": "43baa65a2e1b4c97",
    "laptop_statement/2026-1": "801569bdbccb9a2f",
    "participation_agreement/2025-1": "46e0eed6aa652c4a",
    "participation_agreement/2026-1": "75b2ded50c4bf115",
    "privacy_notice/2026-1": "9e776c09cd02e68c",
    "receipt_of_manuals/2026-1": "ecf3118d60ab20d0",
    "security_officer_acceptance/2026-1": "f920e0e147234322",
    "review_attestation/2026-1": "070bdccfe8c6fc91",
    "security_protocols/2026-1": "d1579e32652a2b0e",
    "user_agreement/2025-1": "4cf66c1d89ee1621",
    "user_agreement/2026-1": "260bf989df30ecbb",
}


@pytest.mark.parametrize("document", EVERY)
def test_a_published_version_never_changes(document: DocumentText) -> None:
    assert FINGERPRINTS[f"{document.kind}/{document.version}"] == document.sha256[:16]
