"""What somebody typed and has not sent yet, kept by person and page so that nothing is lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.models import Draft


def keep(session: Session, *, person_id: int, page: str, fields: Mapping[str, Any], now: datetime) -> None:
    """Keeps what was typed on a page, in place of what was kept before."""
    draft = session.scalars(select(Draft).where(Draft.person_id == person_id, Draft.page == page)).one_or_none()
    if draft is None:
        draft = Draft(person_id=person_id, page=page, saved_at=now, fields={}, sent=False)
        session.add(draft)
    draft.fields, draft.saved_at, draft.sent = dict(fields), now, False
    session.flush()


def kept(session: Session, *, person_id: int | None, page: str) -> dict[str, Any]:
    """What was typed on a page and not sent; empty where nothing was."""
    found = session.scalar(select(Draft.fields).where(Draft.person_id == person_id, Draft.page == page))
    return dict(found or {})


def drop(session: Session, *, person_id: int, page: str) -> None:
    """Forgets what was typed, since it has been sent."""
    session.execute(delete(Draft).where(Draft.person_id == person_id, Draft.page == page))
