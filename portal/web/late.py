"""A form that was sent after its session had gone idle: what was typed is kept for its person, who signs in and sends it."""

from flask import request

from portal.db import transaction
from portal.services import drafts
from portal.web.kernel import now, sessions

SENT = "typed:sent"
MOST = 60_000
MOST_SENT = 250_000
"""Letters in a form that was sent: a whole policy pack is one field. A page's script keeps no more than MOST."""
_SECRET = ("password", "csrf", "current", "again", "code", "token")


def keep_sent(person_id: int) -> bool:
    """Keeps what a form sent after its session had ended, for its person to look at and send again; False where nothing was.

    Passwords, codes and files are never kept.
    """
    fields = [(name, value) for name, value in request.form.items(multi=True) if not is_secret(name)]
    if not fields or sum(len(name) + len(value) for name, value in fields) > MOST_SENT:
        return False
    with transaction(sessions()) as session:
        kept = {"path": request.full_path.rstrip("?"), "fields": fields, "files": bool(request.files)}
        drafts.keep(session, person_id=person_id, page=SENT, fields=kept, now=now())
    return True


def is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)
