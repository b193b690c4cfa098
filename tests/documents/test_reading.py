"""A file that is not a complete document is refused by file and field; a complete one is read exactly."""

from pathlib import Path

import pytest

from forms.documents import DocumentError, DocumentText, latest, load_all, text, versions
from forms.documents.reading import in_order, read, read_folder

GOOD = """
kind = "sample"
version = "2026-1"
title = "Sample"
mark = "SAMPLE"
summary = ["One.", "Two.", "Three.", "Four.", "Five."]
changes = []
[[basis]]
cite = "Enforcement Mechanisms"
basis = "local"
[[group]]
id = "project"
heading = "Projects"
repeats = true
[[field]]
name = "agency_name"
label = "Agency"
[[field]]
name = "level"
label = "Level"
type = "choice"
choices = ["one", "two"]
[[field]]
group = "project"
name = "project_name"
label = "Project"
[[field]]
name = "note"
label = "Note"
required = false
[[signer]]
capacity = "user"
label = "User"
initials = true
statement = "I sign for {agency_name}."
[[section]]
id = "first"
heading = "First"
initial = true
paragraphs = ["{agency_name} has {level}; see section {section:second}. Note: {note}."]
[[section]]
id = "second"
heading = "Second"
items = ["One thing."]
"""

WRONG = [
    ("title = ", "titel = ", "titel"),
    ('title = "Sample"', "", "title"),
    ('title = "Sample"', 'title = " "', "title"),
    ('title = "Sample"', "title = 7", "title"),
    ('mark = "SAMPLE"', "", "mark"),
    ('kind = "sample"', 'kind = "other"', "kind, version"),
    ('version = "2026-1"', 'version = "2026-01"', "kind, version"),
    ('"One.", ', "", "summary"),
    ('"One."', '""', "summary[1]"),
    ("changes = []", "changes = 3", "changes"),
    ("changes = []", "", "changes"),
    ('basis = "local"', 'basis = "gossip"', "basis of 'Enforcement Mechanisms'"),
    ('cite = "Enforcement Mechanisms"', "", "basis[1].cite"),
    ("repeats = true", 'repeats = "yes"', "group[1].repeats"),
    ('label = "Agency"', "", "field[1].label"),
    ('label = "Agency"', 'label = "Agency"\nlable = "x"', "field[1].lable"),
    ('name = "level"', 'name = "agency_name"', "field agency_name"),
    ('name = "agency_name"', 'name = "Agency"', "field Agency"),
    ('type = "choice"', 'type = "pick"', "field level.type"),
    ('type = "choice"', 'type = "text"', "field level.choices"),
    ('choices = ["one", "two"]', "", "field level.choices"),
    ('group = "project"', 'group = "house"', "field project_name.group"),
    ('name = "note"', 'name = "note"\ninline = "no"', "field[4].inline"),
    ('capacity = "user"', 'capacity = "king"', "signer.capacity"),
    ("initials = true", "", "signer.initials"),
    ("initial = true", "", "signer.initials"),
    ("I sign for {agency_name}.", "I sign for {agency}.", "signer user.statement"),
    ("{section:second}", "{section:third}", "section first"),
    ("{level}", "{project_name}", "section first"),
    ("{level}", "{Level}", "section first"),
    ("{level}", "{level", "section first"),
    ('id = "second"', 'id = "first"', "section first"),
    ('items = ["One thing."]', "", "section second"),
    ('heading = "Second"', 'heading = "Second"\npart = "Z"', "section second.part"),
    ('title = "Sample"', "title = Sample", "file"),
    ("[[basis]]", "[basis]", "basis"),
]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1
    return GOOD.replace(old, new, 1)


def good() -> DocumentText:
    return read(GOOD, "sample/2026-1.toml")


@pytest.mark.parametrize(("old", "new", "field"), WRONG)
def test_a_wrong_file_is_refused_by_file_and_field(old: str, new: str, field: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(changed(old, new), "sample/2026-1.toml")
    assert (refused.value.file, refused.value.field) == ("sample/2026-1.toml", field)
    assert refused.value.sentence.endswith(".")


def test_an_inline_field_that_no_text_names_is_refused() -> None:
    content = changed('name = "note"', 'name = "note"\ninline = true').replace("Note: {note}.", "")
    with pytest.raises(DocumentError, match="shows nowhere"):
        read(content, "sample/2026-1.toml")


def test_a_later_version_says_what_changed(tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "2026-1.toml").write_text(GOOD, encoding="utf-8")
    (folder / "2026-2.toml").write_text(GOOD.replace("2026-1", "2026-2"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"sample/2026-2\.toml: changes"):
        read_folder(tmp_path)


def test_a_kind_without_a_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentError, match="empty"):
        read_folder(tmp_path)


def test_versions_are_ordered_as_numbers() -> None:
    assert in_order(["2026-10", "2026-2", "2025-1"]) == ["2025-1", "2026-2", "2026-10"]


def test_unknown_kinds_and_versions_name_those_that_exist() -> None:
    with pytest.raises(KeyError, match="user_agreement"):
        latest("user_agrement")
    with pytest.raises(KeyError, match="2026-1"):
        text("user_agreement", "1999-1")
    assert all(latest(kind).version == versions(kind)[-1] for kind, _ in load_all())


def test_the_fingerprint_changes_with_every_letter() -> None:
    fingerprints = {read(changed("One thing.", words), "sample/2026-1.toml").sha256 for words in ("A", "B", "B ")}
    assert len(fingerprints | {good().sha256}) == 4


def test_blanks_are_filled_counted_and_left_to_the_pen() -> None:
    document = good()
    paragraph = document.section("first").paragraphs[0]
    values = {"agency_name": " {level} <b>", "level": "one"}
    assert document.plain(paragraph, values) == "{level} <b> has one; see section 2. Note: none."
    by_hand = [piece for piece in document.filled(paragraph, {}, by_hand=True) if piece.kind == "blank"]
    assert [(piece.text, piece.name) for piece in by_hand] == [
        ("Agency", "agency_name"),
        ("Level", "level"),
        ("Note", "note"),
    ]


def test_missing_fields_are_named_in_every_entry_of_a_group() -> None:
    document = good()
    values = {"agency_name": "Sample", "level": " ", "project.2.project_name": "", "project.10.project_name": "Last"}
    assert [field.name for field in document.missing(values)] == ["level", "project_name"]
    assert document.entries("project", values) == [{"project_name": ""}, {"project_name": "Last"}]


def test_nothing_in_a_text_can_be_changed() -> None:
    with pytest.raises(AttributeError):
        good().title = "Other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        load_all()["sample", "2026-1"] = good()  # type: ignore[index]
