"""What a mail about a sanction is about: the sanction, the letter to hand over and to whom it goes."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal.adapters.mail import Attachment
from portal.adapters.storage import Storage
from portal.models import Sanction, SanctionNotice
from portal.services.security.sanctions.sanction_measures import in_words, measure_of, until_in_words
from portal.wiring import Context


def sanction_facts(session: Session, facts: dict[str, Any], payload: Mapping[str, Any], context: Context) -> None:
    """Puts the sanction and its letter into the facts of a mail; nothing where the mail is about none."""
    facts["sanction"] = facts["notice"] = None
    if not payload.get("sanction_id"):
        return
    row = session.get_one(Sanction, payload["sanction_id"])
    facts["sanction"] = row
    facts["sanction_measure"] = in_words(measure_of(row), row.about, context.policy)
    facts["sanction_until"] = until_in_words(row)
    if not payload.get("notice_id"):
        return
    notice = session.get_one(SanctionNotice, payload["notice_id"])
    facts["notice"], facts["to_email"], facts["to_name"] = notice, notice.email, notice.name
    file = notice.file
    if file is not None:
        content = Storage(context.settings.storage).get(file.sha256)
        facts["attachments"] = (Attachment(re.sub(r"[^\w .-]", "_", file.name)[:100], file.media_type, content),)
