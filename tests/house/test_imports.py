"""The arrow of the house: what may know what, held by import-linter, and shown to bite."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_follows_the_arrow() -> None:
    """In a process of its own: import-linter switches off every logger that is there already."""
    script = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("where", "line", "contract"),
    [
        ("workflows/machine.py", "import portal.db", "nothing points back"),
        ("workflows/machine.py", "import sqlalchemy", "standard library only"),
        ("forms/base.py", "import sqlalchemy", "Forms never query"),
        ("portal/services/locks.py", "import flask", "Nothing below the web sees Flask"),
        ("portal/services/locks.py", "import portal.web.components", "over effects, services"),
        ("portal/models/people.py", "import portal.audit", "over effects, services"),
        ("portal/adapters/tables.py", "import portal.services.evidence", "decide nothing"),
        ("workflows/actions.py", "import workflows.machine", "No file is in a circle"),
    ],
)
def test_a_wrong_import_breaks_its_contract(where: str, line: str, contract: str, tmp_path: Path) -> None:
    """Plants one import in a copy of the house; the contract that forbids it must name itself as broken."""
    for package in ("portal", "forms", "workflows"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / where
    planted.parent.mkdir(exist_ok=True)
    (planted.parent / "__init__.py").touch()
    before = planted.read_text() if planted.exists() else '"""A room."""\n'
    planted.write_text(f"{before}\n{line}\n")
    script = (
        "import sys; "
        f"sys.path[:] = [folder for folder in sys.path if folder != {str(ROOT)!r}]; "  # the copy, not the checkout
        "from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    broken = [text for text in run.stdout.splitlines() if text.rstrip().endswith("BROKEN")]
    assert any(contract in text for text in broken), run.stdout
