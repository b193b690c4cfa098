"""Row 18: files from outside. Bombs, polyglots, paths and broken archives are refused in words, and read behind limits."""

import ast
import io
import random
import struct
import zipfile
from pathlib import Path

import pytest

from portal.adapters import hmis_csv, zips
from portal.adapters.people_files import ArchiveError, archive, unpacked
from portal.adapters.storage import Storage
from portal.config import ROOT
from tests.support.town import Browser, csrf
from workflows.policy import PolicyError, load

PARSERS = {"pikepdf", "openpyxl", "PIL", "lxml", "pypdf"}
"""Libraries that read what strangers made. A process with limits may use them, and whoever writes our own papers."""
ALLOWED = {
    "portal/adapters/pdf/upload_child.py", "portal/adapters/people_files/workbook_child.py",
    "portal/adapters/pdf/finish.py", "portal/adapters/pdf/authorization.py", "portal/adapters/pdf/tags.py",
}  # fmt: skip


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def broken(whole: bytes, times: int) -> list[bytes]:
    """The file with some bytes changed, and sometimes cut off: the same ones in every run."""
    chance, found = random.Random(18), []
    for _ in range(times):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 5))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        found.append(bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data))
    return found


def test_row_18_only_limited_children_parse_what_strangers_made() -> None:
    """No file of the portal but the two children reads an uploaded PDF, picture or workbook with a library."""
    found = set()
    for file in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if PARSERS & {name.partition(".")[0] for name in names}:
                found.add(file.relative_to(ROOT).as_posix())
    assert found <= ALLOWED, "reads uploads in the portal's own process"
    assert {name for name in ALLOWED if name.endswith("_child.py")} <= found


@pytest.mark.parametrize("child", sorted(name for name in ALLOWED if name.endswith("_child.py")))
def test_row_18_a_child_gives_up_memory_time_files_and_writing(child: str) -> None:
    """Each child takes the limits away from itself before it reads a byte."""
    text = (ROOT / child).read_text(encoding="utf-8")
    for limit in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
        assert f"setrlimit(resource.{limit}" in text, limit


@pytest.mark.parametrize("many", [800, pytest.param(3000, marks=pytest.mark.proof)])
def test_row_18_a_broken_archive_is_refused_in_words_whatever_is_broken(many: int) -> None:
    whole = zipped({"Organization.csv": b"a,b\n" * 3000, "x/scan.pdf": random.Random(1).randbytes(500) + b"abc" * 500})
    refused = 0
    for data in broken(whole, many):
        try:
            list(unpacked(data))
        except ArchiveError as no:
            refused += str(no).endswith(".")
        hmis_csv.read(data)  # says what is wrong in its report; nothing is raised
    assert refused > many / 6


def test_row_18_an_entry_without_a_name_is_no_fault() -> None:
    assert list(unpacked(zipped({"qq": b"x"}).replace(b"qq", b"\x00q"))) == [("", b"x")]


def test_row_18_an_archive_of_endless_entries_is_counted_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """300,000 entries in 14 MB would become objects of 200 MB; none is made."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    many = entry * 300_000
    data = b"PK\x03\x04" + many + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(many), 4, 0)

    def opened(*_anything: object) -> None:
        raise AssertionError("the archive was opened")

    monkeypatch.setattr(zips.zipfile, "ZipFile", opened)
    with pytest.raises(ArchiveError, match="lists more than 5,000 files"):
        list(unpacked(data))
    assert "more than 500 files" in hmis_csv.read(data).problems[0].sentence


def test_row_18_a_bomb_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gigabytes of zeros in two megabytes: as many bytes as allowed come out, and one."""
    monkeypatch.setattr(archive, "MOST_EACH", 1_000_000)
    (name, content), *_ = unpacked(zipped({"bomb.pdf": b"0" * 50_000_000}))
    assert (name, len(content)) == ("bomb.pdf", 1_000_001)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "a/../../../b.pdf", "C:\\x.pdf"])
def test_row_18_a_path_in_an_archive_leads_nowhere(name: str, tmp_path: Path) -> None:
    """What comes in lies under its fingerprint; its name is words and no path."""
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    storage = Storage(tmp_path / "storage")
    for _called, content in unpacked(zipped({name: b"one"})):
        storage.put(content)
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert len(made) == 1 and made.pop().is_relative_to(tmp_path / "storage")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 190_000, "a = " + "{a=" * 60_000, "a = " + "9" * 190_000, "\x00", "a" * 199_999]
)
def test_row_18_a_pack_made_to_break_its_reader_is_refused_in_words(text: str) -> None:
    with pytest.raises(PolicyError, match="no TOML"):
        load(text, "hostile.toml")


@pytest.mark.parametrize("path", ["/desk/imports", "/desk/day-one/scans"])
def test_row_18_a_broken_archive_never_breaks_a_page(town, browser: Browser, path: str) -> None:
    client = browser(town.admin)
    token = csrf(client)
    whole = zipped({"Organization.csv": b"a,b\n" * 3000})
    for data in broken(whole, 25):
        sent = {"csrf_token": token, "files": (io.BytesIO(data), "files.zip"), "kind": "user_agreement"}
        answer = client.post(path, data=sent, content_type="multipart/form-data", follow_redirects=True)
        assert answer.status_code < 500
