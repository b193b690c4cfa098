"""How often articles are opened: counted in the process and written together, so that reading waits for no other's work."""

from collections import Counter
from datetime import datetime, timedelta
from threading import Lock
from typing import cast

from flask import current_app

from portal.db import transaction
from portal.services.helpdesk.knowledge import reading as knowledge
from portal.web import kernel

MOST, OFTEN = 20, timedelta(minutes=5)


class Tally:
    """Counts until there are MOST, or the first of them is OFTEN old. What a process had when it ended is not counted."""

    def __init__(self) -> None:
        self._counted: Counter[int] = Counter()
        self._since: datetime | None = None
        self._lock = Lock()

    def add(self, article_id: int, now: datetime) -> dict[int, int]:
        """Counts one more; what is to be written now, empty where that can wait."""
        with self._lock:
            self._counted[article_id] += 1
            self._since = self._since or now
            if self._counted.total() < MOST and now - self._since < OFTEN:
                return {}
            due, self._counted, self._since = dict(self._counted), Counter(), None
            return due


def tally() -> Tally:
    """The application's own: two of them in one process have two databases, whose articles have the same numbers."""
    return cast(Tally, current_app.extensions.setdefault("opened_articles", Tally()))


def opened(article_id: int) -> None:
    """Counts that an article was opened. Call it where no transaction is open."""
    if due := tally().add(article_id, kernel.now()):
        with transaction(kernel.sessions()) as session:
            knowledge.seen(session, due)
