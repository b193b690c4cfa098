"""Whether the tree is fit to be cloned anywhere: no registry address, no path of somebody's machine, nothing huge."""

import re
import subprocess
from pathlib import Path

# Put together from pieces, or this file would find itself.
REGISTRIES = ("pypi" + r"\.org", "pythonhosted" + r"\.org", *("registry" + rest for rest in (r"\.npmjs", r"\.yarnpkg")))
PATTERNS = {
    "a registry address": re.compile("|".join(REGISTRIES)),
    "a package index": re.compile(r"(?m)^\s*--?(?:extra-)?index" + "-url|--find" + r"-links[ =]/"),
    "a path of one machine": re.compile(r"(?<![\w.~/$-])/(?:home|root|Users|work|mnt)/[\w.-]+/?"),
    "a path outside the repository": re.compile(r"\.\./" + r"(?:\.\./)*shared\b"),
}
RECORDERS = {"uv.lock", "pylock.toml", "poetry.lock", "yarn.lock", "pip.conf"}
RECORDING = {"package-lock.json": '"resolved"', ".npmrc": "://"}  # these can be written without addresses
LARGEST = 2_000_000  # bytes; a bigger file belongs to a release, not to the history


def files(root: Path) -> list[Path]:
    """What git tracks, or would track with the next `git add`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return [root / name for name in sorted(set(listed.split("\0"))) if name and (root / name).is_file()]


def problems(root: Path) -> list[str]:
    """One sentence for each file and line that does not belong into a tree that others clone."""
    found = []
    for path in files(root):
        name = path.relative_to(root).as_posix()
        if _records(path):
            found.append(f"{name} records registry addresses; remove it and add it to .gitignore.")
        if path.stat().st_size > LARGEST:
            found.append(f"{name} has {path.stat().st_size:,} bytes; at most {LARGEST:,} are kept here.")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += in_text(name, text)
    return found


def _records(path: Path) -> bool:
    sign = RECORDING.get(path.name)
    return path.name in RECORDERS or (sign is not None and sign in path.read_text(encoding="utf-8", errors="replace"))


def in_text(name: str, text: str) -> list[str]:
    """What a single file's text gives away."""
    found = []
    for what, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line} holds {what}: {match.group().strip()}")
    return found
