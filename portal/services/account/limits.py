"""How often something may be tried: counted in the database by guarded statements, so that it holds across processes."""

import hmac
import ipaddress
import secrets
from datetime import datetime, timedelta

from sqlalchemy import case, delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.models import SignInLimit

KEPT = timedelta(days=2)
EVERYBODY = "failures:all"


def of_address(what: str, address: str) -> str:
    """The key under which an address is counted: of IPv6, the network of one subscriber, who has 2**64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"{what}:{address}"[:80]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"{what}:{ipaddress.ip_network((parsed, 64), strict=False)}"
        parsed = parsed.ipv4_mapped
    return f"{what}:{parsed}"


_FORGOTTEN = secrets.token_bytes(32)
"""Made anew by each process and kept nowhere."""


def of_unnamed(what: str, address: str) -> str:
    """As of_address(), for acts that must lead to nobody: a digest that nobody can turn back once the process has ended."""
    mark = hmac.digest(_FORGOTTEN, of_address(what, address).encode(), "sha256").hex()
    return f"{what}:{mark}"[:80]


def take(session: Session, key: str, *, most: int, within: timedelta, now: datetime) -> int:
    """Takes one of `most` tries; which one it was, or 0 where all are taken. They come back `within` after the first.

    Of any number of callers at once, in any number of processes, `most` are served.
    """
    insert = (postgresql if is_postgres(session) else sqlite).insert(SignInLimit)
    over = SignInLimit.since <= now - within
    counted = insert.values(key=key, since=now, tries=1).on_conflict_do_update(
        index_elements=[SignInLimit.key],
        set_={
            "tries": case((over, 1), else_=SignInLimit.tries + 1),
            "since": case((over, now), else_=SignInLimit.since),
        },
        where=or_(over, SignInLimit.tries < most),
    )
    return session.scalar(counted.returning(SignInLimit.tries)) or 0


def give_back(session: Session, key: str) -> None:
    """Gives back a try that was no failure."""
    session.execute(
        update(SignInLimit).where(SignInLimit.key == key, SignInLimit.tries > 0).values(tries=SignInLimit.tries - 1)
    )


def reached(session: Session, key: str, *, most: int, since: datetime) -> bool:
    """Whether all tries were taken in a time that began at or after `since`."""
    row = session.get(SignInLimit, key)
    return row is not None and row.since >= since and row.tries >= most


def forget(session: Session, *, now: datetime) -> None:
    """Deletes counts that are over."""
    session.execute(delete(SignInLimit).where(SignInLimit.since < now - KEPT))
