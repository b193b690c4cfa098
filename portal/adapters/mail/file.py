"""Mail written as files: what the demonstration and a machine without a mail server use."""

import hashlib
import re
import uuid
from pathlib import Path

from portal.adapters.mail.port import Before, Message, as_email


class FileMailer:
    """Writes each message to a folder as .eml, named by time and recipient; the same message again takes the same file."""

    def __init__(self, folder: Path):
        self.folder = folder

    def send(self, message: Message, *, before: Before | None = None) -> tuple[str, ...]:
        """Writes the message, whole or not at all."""
        content = as_email(message).as_bytes()
        if before is not None:
            before()
        self.folder.mkdir(parents=True, exist_ok=True)
        mark = hashlib.sha256(message.id.encode()).hexdigest()[:8]
        to = re.sub(r"[^a-z0-9@.-]", "_", message.to_email.lower())[:80]
        part = self.folder / f".{uuid.uuid4().hex}.part"
        part.write_bytes(content)
        part.replace(self.folder / f"{message.sent_at:%Y%m%dT%H%M%S}-{to}-{mark}.eml")
        return ()
