"""What lists share that stay quick however many rows there are: counting so far, and searching by how a word begins."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, union
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.models import Person

COUNTED = 1_000
"""As far as a list counts what it does not show: whoever has more looks for it by name."""

NAMES = (Person.last_key, Person.first_key, Person.email_key)
"""Where a person is looked for."""

FEW = 5_000
"""As many people can be looked through letter by letter; among more, a word is looked up by how it begins."""


def there(query: Any) -> ColumnElement[bool]:
    """Whether a query about the row at hand finds one, looked up anew for each row that is reached: for lists that end early.

    Asked with EXISTS, PostgreSQL would rather answer it for everybody at once, and read the evidence of them all.
    """
    return query.limit(1).scalar_subquery().is_not(None)


def absent(query: Any) -> ColumnElement[bool]:
    """The contrary of there()."""
    return query.limit(1).scalar_subquery().is_(None)


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


def people_named(session: Session, words: Sequence[str], *, anywhere: bool) -> list[ColumnElement[bool]]:
    """People in whose name or address each word (in small letters) stands: `anywhere`, or where one of them begins.

    Where a word has to begin a name, the rarest one is looked up by its index, and the people found are held against the
    others: of a first name and a last name, the one alone may be that of thousands.
    """
    if anywhere:
        return [or_(*(name.like(inside(word), escape="!") for name in NAMES)) for word in words]
    if not words:
        return []
    rarest, *others = _by_rarity(session, words)
    found = union(*(select(Person.id).where(begins(session, name, rarest)) for name in NAMES))
    return [Person.id.in_(found), *(or_(*(begins(session, name, word) for name in NAMES)) for word in others)]


def people_called(session: Session, words: Sequence[str]) -> ColumnElement[bool]:
    """People whose last name begins with one of the words and whose first name with another, in either order."""
    found = union(
        *(
            select(Person.id).where(begins(session, Person.last_key, last), begins(session, Person.first_key, first))
            for last, first in permutations(words, 2)
        )
    )
    return Person.id.in_(found)


def _by_rarity(session: Session, words: Sequence[str]) -> list[str]:
    """The words, those first with which the fewest names begin, each counted no further than COUNTED."""
    if len(words) == 1:
        return list(words)
    each = [
        select(literal(1)).where(begins(session, name, word)).limit(COUNTED).subquery()
        for word in words
        for name in NAMES
    ]
    counts = session.execute(select(*(select(func.count()).select_from(some).scalar_subquery() for some in each))).one()
    sums = [sum(counts[at : at + len(NAMES)]) for at in range(0, len(counts), len(NAMES))]
    return [word for _, word in sorted(zip(sums, words, strict=True))]


def _plain(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
