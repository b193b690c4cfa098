"""Logs as one JSON object a line: nothing that a stranger sent can begin a line of its own, and no live link stands in one."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

ENVELOPE = re.compile(r"[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{5,8}\.[A-Za-z0-9_-]{20,}")
"""What a mailed link, a form's token or a session's cookie looks like: content, time, signature."""
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~-]{6,}=*")


class OneLine(logging.Formatter):
    """Time (UTC), level, logger, message and, where something failed, its traceback, as one line of ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "said": record.getMessage(),
        }
        if record.exc_info:
            said["fault"] = self.formatException(record.exc_info)
        return json.dumps({name: _without_secrets(value) for name, value in said.items()})


class ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(OneLine())

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def configure() -> None:
    """From here on everything that is logged in this process goes to standard error in this form; once is enough."""
    root = logging.getLogger()
    if not any(isinstance(handler, ToStandardError) for handler in root.handlers):
        root.addHandler(ToStandardError())


def _without_secrets(text: str) -> str:
    return BEARER.sub(r"\1 (left out)", ENVELOPE.sub("(left out)", text))
