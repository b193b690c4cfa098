"""The tree, its source and its templates keep the rules of the house, and the checks that say so can see a breach."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from tools.check import source, templates, tree

ROOT = Path(__file__).resolve().parents[2]


def test_the_tree_can_be_cloned_anywhere() -> None:
    assert tree.problems(ROOT) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("resolved https://" + "pypi" + ".org/simple/flask", "a registry address"),
        ("https://files.python" + "hosted.org/x.whl", "a registry address"),
        ('"resolved": "https://registry.npm' + 'js.org/htmx"', "a registry address"),
        ("--index" + "-url https://mirror.example.org/simple", "a package index"),
        ("--extra-index" + "-url https://mirror.example.org/simple", "a package index"),
        ("see /home" + "/jamie/notes.txt", "a path of one machine"),
        ("open('/Us" + "ers/jamie/x')", "a path of one machine"),
        ("see ../" + "shared/spec", "a path outside the repository"),
    ],
)
def test_what_gives_a_machine_away_is_found(text: str, what: str) -> None:
    found = tree.in_text("notes.md", f"One line.\n{text}\n")
    assert len(found) == 1
    assert found[0].startswith(f"notes.md:2 holds {what}")


@pytest.mark.parametrize(
    ("name", "text", "refused"),
    [
        ("package-lock.json", '{"packages": {"a": {"resolved": "https://mirror.example.org/a.tgz"}}}', True),
        ("package-lock.json", '{"packages": {"a": {"integrity": "sha512-1"}}}', False),
        (".npmrc", "omit-lockfile-registry-resolved=true", False),
        (".npmrc", "registry=https://mirror.example.org/", True),
        ("uv.lock", "", True),
    ],
)
def test_a_lock_is_kept_only_without_addresses(tmp_path: Path, name: str, text: str, refused: bool) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / name).write_text(text)
    assert bool([problem for problem in tree.problems(tmp_path) if "records registry addresses" in problem]) is refused


@pytest.mark.parametrize("text", ["https://example.org/home/page", "portal/home/x.html", "url('/desk/home/7')"])
def test_addresses_of_pages_are_left_alone(text: str) -> None:
    assert tree.in_text("notes.md", text) == []


def test_the_locks_agree_and_hash_everything() -> None:
    pins = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        entries = re.findall(r"(?m)^(\S.*(?:\n .*)*)", re.sub(r"(?m)^ *#.*\n", "", (ROOT / name).read_text()))
        bare = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry or "==" not in entry]
        assert entries, name
        assert bare == [], f"{name}: not pinned and hashed"
        pins[name] = {entry.split(";")[0].split("\\")[0].strip() for entry in entries}
    assert pins["requirements.lock"] < pins["requirements-dev.lock"]


def test_the_source_keeps_the_rules_of_the_house() -> None:
    assert source.problems(ROOT) == []


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("portal/x.py", "a = 1", "no docstring"),
        ("portal/__init__.py", "", "is empty"),
        ("portal/x.py", '"""Long."""\ndef f():\n' + "    a = 1\n" * 60, "f() has 61 lines"),
        ("workflows/x.py", '"""Rules."""\nimport sqlalchemy', "standard library only"),
        ("workflows/x.py", '"""Rules."""\nfrom portal import db', "standard library only"),
        ("workflows/x.py", '"""Rules."""\nimport random', "no clock, chance or world"),
        ("workflows/x.py", '"""Rules."""\nnow = datetime.now()', "asks for the time"),
        ("portal/services/x.py", '"""Acts."""\ntoday = date.today()', "asks for the time"),
        ("portal/services/x.py", '"""Acts."""\nfrom portal.db import utc_now\nnow = utc_now()', "asks for the time"),
        ("portal/services/x.py", '"""Acts."""\nsession.commit()', "ends a transaction"),
    ],
)
def test_a_breach_of_the_house_is_named(name: str, code: str, says: str) -> None:
    found = source.in_module(name, ast.parse(code))
    assert len(found) == 1
    assert says in found[0]


def test_templates_can_be_read_and_carry_no_style_or_script() -> None:
    assert templates.problems(ROOT) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{% if a %}", "cannot be read"),
        ("{% extends 'nowhere.html' %}", "refers to nowhere.html"),
        ("<p style='color:red'>", "an inline style"),
        ("<style>p{}</style>", "a style block"),
        ("<script>go()</script>", "an inline script"),
        ("<button type='button' onclick='go()'>", "an inline handler"),
        ("<a href='javascript:go()'>", "a link that runs script"),
        ("{{ name | safe }}", "text that is not escaped"),
    ],
)
def test_a_template_that_breaks_the_policy_is_named(text: str, says: str) -> None:
    found = templates.in_template("page.html", text, Environment(loader=DictLoader({"page.html": text})))
    assert len(found) == 1
    assert says in found[0]


def test_a_linked_script_and_a_comment_are_fine() -> None:
    text = "{# <script>not sent</script> #}<script src='/static/portal.js'></script>"
    assert templates.in_template("page.html", text, Environment(loader=DictLoader({"page.html": text}))) == []
