"""Writes the hashed locks, for every Python and platform at once, without registry addresses.

`python3 tools/lock.py` keeps what the locks hold where it still fits; with `--upgrade` it takes the newest.
The resolver, uv, is put into a folder of its own under var/, since nothing else needs it.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "var" / "lock-tool"
COMMON = [
    "--universal",
    "--generate-hashes",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-config",
    "--quiet",
    "--python-version=3.11",
]
LOCKS = [
    ["pyproject.toml", "--output-file=requirements.lock"],
    ["pyproject.toml", "--extra=dev", "--constraint=requirements.lock", "--output-file=requirements-dev.lock"],
    ["tools/security_scan/requirements.in", "--output-file=requirements-security.lock"],
]


def main(arguments: list[str]) -> int:
    """Ends with the resolver's exit status; `arguments` are handed to it."""
    resolver = TOOL / "bin" / "uv"
    if not resolver.exists():
        venv.EnvBuilder(with_pip=True).create(TOOL)
        subprocess.run([TOOL / "bin" / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
    for lock in LOCKS:
        command = [str(resolver), "pip", "compile", *COMMON, *lock, *arguments]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
