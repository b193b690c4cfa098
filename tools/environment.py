"""Makes `.venv` from the hashed locks, once for each state of the locks; needs nothing but a bare Python.

Run by the Makefile as `python3 tools/environment.py runtime` or `... development`. A stamp inside `.venv` remembers
what was installed, so that a second run ends within a blink.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
LOCKS = {
    "runtime": ["requirements.lock"],
    "development": ["requirements.lock", "requirements-dev.lock"],
}
LAUNCHER = """\
#!{python}
\"\"\"Starts the portal's command line from the checkout.\"\"\"

import sys

from portal.cli import main

sys.exit(main())
"""


class CannotSetUp(Exception):
    """What is missing on this machine, in a sentence that says what to do."""


def fingerprint(kind: str) -> str:
    """The SHA-256 of the locks of this kind, of where the checkout lies and of this Python's version."""
    digest = hashlib.sha256(f"{ROOT}\n{sys.version_info[:2]}\n".encode())
    for name in LOCKS[kind]:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_ready(kind: str) -> bool:
    """Whether `.venv` holds what the locks say; what development needs covers the runtime."""
    if not PYTHON.exists() or not (VENV / "bin" / "portal").exists():
        return False
    covering = ["development"] if kind == "development" else ["runtime", "development"]
    return any(_stamp(each).is_file() and _stamp(each).read_text() == fingerprint(each) for each in covering)


def make(kind: str) -> None:
    """Makes or completes `.venv`. Raises CannotSetUp."""
    _make_venv()
    for each in LOCKS:
        _stamp(each).unlink(missing_ok=True)  # a set-up that is interrupted must not look finished
    print(f"Installing what {' and '.join(LOCKS[kind])} list. This takes a minute the first time.", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps"]
    for name in LOCKS[kind]:
        command += ["-r", str(ROOT / name)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise CannotSetUp("pip could not install the locked packages; its message stands above. Then run this again.")
    _point_at_checkout()
    _stamp(kind).write_text(fingerprint(kind))


def _make_venv() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise CannotSetUp(
            f"Python 3.11 or later is needed, and this one is {found}. Install a newer one and name it, "
            "for example: make run PYTHON=python3.12"
        )
    try:
        import ensurepip
        import venv
    except ImportError:
        raise CannotSetUp(
            "This Python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv"
        ) from None
    if _version_in_venv() == sys.version_info[:2]:
        return
    print(f"Making {VENV.name} with Python {sys.version_info[0]}.{sys.version_info[1]} (pip {ensurepip.version()}).")
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(VENV)


def _version_in_venv() -> tuple[int, int] | None:
    ask = "import pip, sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, check=False)
    except OSError:
        return None
    if answer.returncode:
        return None
    major, minor = answer.stdout.split()
    return int(major), int(minor)


def _point_at_checkout() -> None:
    # A path file and a launcher instead of an installed package: the code runs from the checkout as it stands, and
    # no build tool is needed on the machine.
    packages = VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (packages / "checkout.pth").write_text(f"{ROOT}\n")
    launcher = VENV / "bin" / "portal"
    launcher.write_text(LAUNCHER.format(python=PYTHON))
    launcher.chmod(0o755)


def _stamp(kind: str) -> Path:
    return VENV / f".installed-{kind}"


def main(arguments: list[str]) -> int:
    """Ends with 0 when `.venv` is ready, 1 when something is missing, 2 when called wrongly."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        print(f"Say which: {' or '.join(LOCKS)}.", file=sys.stderr)
        return 2
    os.umask(0o022)
    try:
        if not is_ready(arguments[0]):
            make(arguments[0])
    except CannotSetUp as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
