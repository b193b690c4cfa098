"""Makes the scanners' own environment under var/security/ from its hashed lock, once for each state of the lock."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from tools.security_scan import FOLDER, ROOT

LOCK = ROOT / "requirements-security.lock"
VENV = FOLDER / "venv"


class CannotScan(Exception):
    """What keeps the scan from running, in a sentence that says what to do."""


def ready() -> Path:
    """The folder of the installed scanners' programs; made where it is missing or older than the lock. CannotScan."""
    stamp, state = VENV / ".installed", _state()
    if stamp.is_file() and stamp.read_text() == state and (VENV / "bin" / "sqlmap").exists():
        return VENV / "bin"
    print(f"Installing what {LOCK.name} lists. This takes a minute or two the first time.", flush=True)
    VENV.parent.mkdir(parents=True, exist_ok=True)
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(VENV)
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--require-hashes", "--no-deps", "-r", str(LOCK)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise CannotScan("pip could not install the scanners; its message stands above. Then run this again.")
    stamp.write_text(state)
    return VENV / "bin"


def _state() -> str:
    return hashlib.sha256(f"{VENV}\n{sys.version_info[:2]}\n".encode() + LOCK.read_bytes()).hexdigest()
