"""What lists share that stay quick however many rows there are: counting so far, and searching by how a word begins."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.models import Person

COUNTED = 1_000
"""As far as a list counts what it does not show: whoever has more looks for it by name."""

FEW = 5_000
"""As many people can be looked through letter by letter; among more, a word is looked up by how it begins."""


def counted(session: Session, query: Any, key: Any, most: int = COUNTED) -> int:
    """How many rows a query gives, counted no further than one more than `most`."""
    some = query.with_only_columns(key).order_by(None).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def is_large(session: Session) -> bool:
    """Whether there are more people than can be looked through at every search."""
    return (session.scalar(select(func.max(Person.id))) or 0) > FEW


def inside(text: str) -> str:
    """A search word as a pattern that fits wherever it stands; nothing in it is special with escape='!'."""
    return f"%{_plain(text)}%"


def begins(session: Session, column: Any, text: str) -> ColumnElement[bool]:
    """Whether a column begins with a text, asked so that either database reads its index (of bytes, on PostgreSQL)."""
    if is_postgres(session):
        return column.like(f"{_plain(text)}%", escape="!")
    return and_(column >= text, column < f"{text}\U0010ffff")


def people_like(session: Session, word: str, *, anywhere: bool) -> ColumnElement[bool]:
    """People in whose name or address a word (in small letters) stands: `anywhere`, or where one of them begins."""
    names = (Person.last_key, Person.first_key, Person.email_key)
    if anywhere:
        return or_(*(name.like(inside(word), escape="!") for name in names))
    found = union(*(select(Person.id).where(begins(session, name, word)) for name in names))
    return Person.id.in_(found)


def _plain(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
