"""A real worker in a process of its own that writes mails to a folder: for a test that kills it among the slices of a mailing.

`python -m tests.helpdesk.slice_worker URL LEASE_SECONDS FOLDER HANG`: works until killed. With HANG above 0 it stops for
good inside the transaction of that slice, once everything in it is written and nothing is committed.
"""

import sys
import time
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from portal.config import Settings
from portal.services.helpdesk.feedback import surveys
from portal.services.helpdesk.outages import telling
from portal.wiring import make_context
from portal.worker import Worker
from tests.support.record import AUDIT_KEY


def main(url: str, lease: str, folder: str, hang: str) -> None:
    settings = Settings(
        database_url=url, secret_keys=("for tests alone " * 3,), audit_keys=(AUDIT_KEY,), mail_url=f"file:{folder}/mail",
        storage=Path(folder) / "storage", audit_anchor=Path(folder) / "anchors",
    )  # fmt: skip
    slices = count(1)

    def hanging(real: Any) -> Any:
        def one_slice(session: Any, number: int, **more: Any) -> Any:
            told = real(session, number, **more)
            if next(slices) == int(hang):
                session.flush()
                (Path(folder) / "reached").touch()
                time.sleep(600)
            return told

        return one_slice

    telling.write_to_some = hanging(telling.write_to_some)
    surveys.invite_some = hanging(surveys.invite_some)
    worker = Worker(make_context(settings), lease=timedelta(seconds=float(lease)))
    while True:
        if not worker.run_once():
            time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
