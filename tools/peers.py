"""Installs the servers from npm that tests talk to, once for each state of their locks; needs node and npm.

Run by the Makefile as `python3 tools/peers.py`. Each folder under tests/peers with a package-lock.json gets a
`node_modules` of its own, which git does not track.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "tests" / "peers"


class CannotInstall(Exception):
    """What is missing on this machine, in a sentence that says what to do."""


def install(folder: Path) -> bool:
    """Makes `node_modules` as the lock says; False where it is there already. Raises CannotInstall."""
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_text() == lock:
        return False
    if missing := [name for name in ("node", "npm") if shutil.which(name) is None]:
        raise CannotInstall(
            f"The tests talk to a server that runs on Node, and {' and '.join(missing)} cannot be found here. "
            "On Debian or Ubuntu: apt-get install nodejs npm"
        )
    print(f"Installing tests/peers/{folder.name}.", flush=True)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        raise CannotInstall(f"npm could not install tests/peers/{folder.name}; its message stands above.")
    stamp.write_text(lock)
    return True


def main() -> int:
    """Ends with 0 when every peer is installed, 1 when something is missing."""
    try:
        for lock in sorted(PEERS.glob("*/package-lock.json")):
            install(lock.parent)
    except CannotInstall as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
