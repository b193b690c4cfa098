"""What a run of thousands of small worlds costs the machine: its files lie in memory, and old objects are not searched again."""

import gc
import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 3 * 2**30
"""A run needs less than a third of this; where there is not as much, as in small containers, its files lie on the disk."""

ROOT = "PYTEST_DEBUG_TEMPROOT"


def use_memory() -> None:
    """Has pytest make its folders where nothing is written to a disk, if there is such a place, unless they were given one."""
    if ROOT not in os.environ and fits(MEMORY):
        os.environ[ROOT] = str(MEMORY)


def fits(place: Path) -> bool:
    """Whether a run's files may lie there: with room enough, and where tests may start what they wrote."""
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        return False
    return shutil.disk_usage(place).free >= ROOM and not os.statvfs(place).f_flag & os.ST_NOEXEC


def settle() -> None:
    """What was imported and collected stays until the end: the collector of garbage need not walk over it again and again.

    Garbage is still collected, in larger portions; pytest does so once more at the end of the run, and fails on what is found.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
