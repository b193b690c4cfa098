"""A browser without JavaScript in which somebody has signed in, and how many statements a page costs."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import Engine, event, select

from portal.actors import Actor
from portal.models import Person, WebSession
from portal.services.account import sign_in
from portal.web.app import build
from tests.services.world import World
from tests.support.pages import ClientRequest


def browser_of(world: World, actor: Actor, app: Flask | None = None) -> ClientRequest:
    """A browser in which this person has signed in, with the second factor where one is needed."""
    assert actor.person_id
    with world.change() as session:
        person = session.get_one(Person, actor.person_id)
        token = sign_in.start_session(session, person=person, via="password", actor=world.desk, now=world.now)
        session.flush()
        session.scalars(select(WebSession).order_by(WebSession.id.desc()).limit(1)).one().second_factor_at = world.now
    client = (app or build(context=world.context)).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    return ClientRequest(client)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that is run inside, in order."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)
