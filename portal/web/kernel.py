"""What every view uses: the request's moment and actor, the process's context, and the permission a route declares."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, flash, g, redirect, request, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, object_session

from portal import permissions
from portal.actors import Actor
from portal.db import Sessions, reading, transaction
from portal.refusals import Refused
from portal.secrets import Keys
from portal.services import packs
from portal.wiring import Context
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason

View = TypeVar("View", bound=Callable[..., Any])
NOBODY = Actor(person_id=None, name="Nobody signed in", via="nobody")
APART = (Reason.NOT_ALLOWED, Reason.NOT_FOUND)
"""Refusals that no field of a form can mend: they become a page of their own."""
Said = str | Callable[[Any], str]


def context() -> Context:
    return cast(Context, current_app.extensions["portal"])


def sessions() -> Sessions:
    return context().sessions


def policy() -> Policy:
    """The pack in force, asked once for the request; whoever decides asks again inside the transaction."""
    if "policy" not in g:
        try:
            with reading(sessions()) as session:
                g.policy = packs.in_force(session, context().policy)
        except SQLAlchemyError:  # the page that says so has a header, too
            return context().policy
    return cast(Policy, g.policy)


def keys() -> Keys:
    return context().keys


def now() -> datetime:
    """One moment for the whole request, naive UTC."""
    if "now" not in g:
        g.now = context().clock()
    return cast(datetime, g.now)


def today() -> date:
    return local_day(now(), policy().zone)


def actor() -> Actor:
    """Whoever makes this request; NOBODY where nobody is signed in."""
    return cast(Actor, g.get("actor", NOBODY))


def permission(action: Action) -> Callable[[View], View]:
    """Declares what a route needs. The view still finds its thing through permissions.find or check."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if current_user.is_authenticated and current_user.detained:
                return redirect(url_for(current_user.detained, next=own_path()))
            if actor().person_id is None:
                return redirect(url_for("account.sign_in", next=g.get("kept_at") or own_path()))
            with reading(sessions()) as session:
                if not permissions.may_anything(actor(), action, session):
                    raise Refused(
                        Reason.NOT_ALLOWED,
                        "This page is not for your role. If you think it should be, ask the help desk.",
                    )
            return view(*args, **kwargs)

        guarded.__permission__ = action  # type: ignore[attr-defined]
        return cast(View, guarded)

    return declare


def may(action: Action | str, thing: Any = None) -> bool:
    """Whether whoever asks may do this to the thing; without one, to anything at all. What pages ask before they offer it."""
    action = Action(action)
    if thing is not None:
        session = object_session(thing)
        if session is not None:
            return permissions.allows(session, actor(), action, thing)
        with reading(sessions()) as session:
            return permissions.allows(session, actor(), action, thing)
    known: dict[Action, bool] = g.setdefault("may_anything", {})
    if action not in known:
        with reading(sessions()) as session:
            known[action] = permissions.may_anything(actor(), action, session)
    return known[action]


def may_open(endpoint: str) -> bool:
    """Whether a page would open for whoever asks: the route's own declared permission, asked beforehand."""
    needed = getattr(current_app.view_functions.get(endpoint), "__permission__", None)
    return may(needed) if isinstance(needed, Action) else needed is not None


def look_up(endpoints: Iterable[str]) -> None:
    """Asks whether these pages would open in one look at the database, for whoever asks about each of them next."""
    known: dict[Action, bool] = g.setdefault("may_anything", {})
    declared = (getattr(current_app.view_functions.get(endpoint), "__permission__", None) for endpoint in endpoints)
    wanted = {needed for needed in declared if isinstance(needed, Action)} - known.keys()
    if wanted:
        with reading(sessions()) as session:
            for action in sorted(wanted):
                known[action] = permissions.may_anything(actor(), action, session)


def public(reason: str) -> Callable[[View], View]:
    """Declares that a route needs nobody signed in, and why."""

    def declare(view: View) -> View:
        view.__permission__ = f"public: {reason}"  # type: ignore[attr-defined]
        return view

    return declare


def tell(refusal: Refused) -> None:
    """Shows a refusal above the page that follows. For a thing that is not there, that is no answer: raised again."""
    if refusal.reason is Reason.NOT_FOUND:
        raise refusal
    flash(refusal.sentence, "error")


@dataclass(frozen=True, slots=True)
class Saved:
    """Whether an act was carried out, and what it answered with."""

    done: bool
    value: Any = None

    def __bool__(self) -> bool:
        return self.done


def saved(form: Any, act: Callable[[Session], Any], *, raised: Collection[Reason] = ()) -> Saved:
    """Does it in a transaction; a refusal goes to its field of the form, and everything typed stays.

    For the reasons in `raised` there is no field to mend: they become a page of their own.
    """
    try:
        with transaction(sessions()) as session:
            value = act(session)
    except Refused as no:
        if no.reason in raised:
            raise
        form.refuse(no.sentence, no.field)
        return Saved(False)
    return Saved(True, value)


def acted(
    form: Any, act: Callable[[Session], Any], said: Said, back: Said, *, raised: Collection[Reason] = APART
) -> Any:
    """Does it where the form was sent and is right, says so, and answers with the way back; None where the form is to be shown.

    What is said and the way back may depend on what the act answered with.
    """
    if not form.validate_on_submit() or not (done := saved(form, act, raised=raised)):
        return None
    flash(said(done.value) if callable(said) else said, "success")
    return redirect(back(done.value) if callable(back) else back)


def pressed(act: Callable[[Session], Any], said: Said, back: str) -> Any:
    """Does what a button asks for and goes back, where the page says what was done or why it was not."""
    try:
        with transaction(sessions()) as session:
            value = act(session)
    except Refused as no:
        tell(no)
    else:
        flash(said(value) if callable(said) else said, "success")
    return redirect(back)


def status_of(form: Any) -> int:
    """400 where the form came back with something to mend."""
    return 400 if form.errors or form.form_errors else 200


def own_path() -> str:
    """This request's path and query, for coming back after sign-in."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def safe_next(path: str | None) -> str:
    """A path of this portal to go on to, or home: never another site."""
    # A browser drops tabs and line breaks inside an address, and takes a backslash for a slash.
    own = path is not None and path.startswith("/") and not path.startswith("//")
    return path if own and path and not any(letter <= " " or letter in "\\\x7f" for letter in path) else "/"


def an_id(text: str) -> int:
    """The number in an address, as `type=` of request.args.get: ValueError for what no row can have."""
    number = int(text[:20])
    if not 0 <= number <= permissions.LARGEST_ID:
        raise ValueError(text[:20])
    return number


def address() -> str:
    return (request.remote_addr or "")[:64]


def agent() -> str:
    return request.headers.get("User-Agent", "")[:300]
