"""What docs/security.md and the table of rows name as a proof is there, and every row has one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from portal.config import ROOT
from tests.security.rows import ROWS

DOCUMENT = ROOT / "docs" / "security.md"
NAMED = re.compile(r"\btests/[\w/]+\.py(?:::test_\w+)?")


@cache
def proofs_in(file: Path) -> frozenset[str]:
    """The names of the tests that pytest collects from a file."""
    if not file.is_file() or not file.name.startswith("test_"):
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_"))


def missing(named: str) -> bool:
    name, _, test = named.partition("::")
    return test not in proofs_in(ROOT / name) if test else not (ROOT / name).is_file()


@pytest.mark.parametrize("row", range(1, 22))
def test_every_row_has_proofs_that_exist(row: int) -> None:
    assert ROWS[row]
    assert [named for named in ROWS[row] if missing(named)] == []


def test_every_proof_that_the_document_names_exists() -> None:
    named = NAMED.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(named) > 60
    assert sorted({each for each in named if missing(each)}) == []


def test_the_document_names_the_proofs_of_every_row() -> None:
    """The document's line for a row names the tests of the table, by file and name."""
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = {int(number): line for number, line in re.findall(r"(?m)^\| (\d+) \|(.*)$", text)}
    assert lines.keys() == ROWS.keys()
    for row, tests in ROWS.items():
        assert [test for test in tests if test.partition("::")[2] not in lines[row]] == [], row


def test_a_proof_that_is_not_there_is_missed() -> None:
    assert missing("tests/security/test_named.py::test_nothing_of_the_kind")
    assert missing("tests/security/nowhere.py") and missing("tests/security/nowhere.py::test_x")
    assert not missing("tests/security/test_named.py::test_a_proof_that_is_not_there_is_missed")
