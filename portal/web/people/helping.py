"""Helping somebody to sign in again: unlock, have a new password chosen, vouch for a lost second factor, correct the address."""

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session

from forms.base import Form
from forms.sign_in import AddressForAnother, Help, Vouch
from portal import permissions
from portal.db import reading
from portal.models import Credential, Person
from portal.refusals import Refused
from portal.services.account import lockout, resets, signing_out, vouching
from portal.services.people import mailbox
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of, today
from portal.web.people.room import blueprint, find
from portal.web.proving import proven
from workflows.actions import Action
from workflows.vocabulary import Reason

APART = (Reason.NOT_ALLOWED, Reason.SAME_PERSON, Reason.NOT_FOUND)
Act = Callable[[Session, Person], str]
Facts = Callable[[Session, Person], dict[str, Any]]


def possible(session: Session, person: Person) -> dict[str, bool]:
    """Which of these the viewer may do for this person now: the buttons of the person's page."""
    credential = session.get(Credential, person.id)
    has_password = credential is not None and bool(credential.password_hash)
    locked = credential is not None and credential.locked_since is not None
    entitled = not lockout.why_not_unlock(session, person=person, actor=actor(), on=today())
    may_help = has_password and entitled
    return {
        "unlock": locked and may_help,
        "reset": may_help and not locked,
        "vouch": has_password
        and not vouching.why_not_vouch(session, person=person, actor=actor(), on=today(), now=now()),
        "sign_out": entitled
        and permissions.allows(session, actor(), Action.SESSIONS_END, person)
        and signing_out.signed_in(session, person_id=person.id),
        "email": entitled and permissions.allows(session, actor(), Action.EMAIL_CHANGE, person),
    }


def _page(membership_id: int, action: Action, form: Form, template: str, act: Act, facts: Facts | None = None) -> Any:
    """Asks first, saying what will happen to whom; then does it, says so, and returns to the person's page."""
    with reading(sessions()) as session:
        membership = find(session, Action.MEMBERSHIP_SEE, membership_id)
        person, agency = membership.person, membership.agency
        permissions.check(session, actor(), action, person)
        shown = facts(session, person) if facts else {}
        session.expunge_all()

    def help_(session: Session) -> str:
        return act(session, find(session, Action.MEMBERSHIP_SEE, membership_id).person)

    if done := acted(form, help_, str, url_for("people.one", membership_id=membership_id), raised=APART):
        return done
    return render_template(
        template, form=form, about=person, agency=agency, membership_id=membership_id, **shown
    ), status_of(form)


@blueprint.route("/<int:membership_id>/unlock", methods=["GET", "POST"], endpoint="unlock")
@permission(Action.ACCOUNT_UNLOCK)
def unlock(membership_id: int) -> Any:
    form = Help()

    def facts(session: Session, person: Person) -> dict[str, Any]:
        lockout.refuse_others(session, person=person, actor=actor(), on=today())
        credential = session.get(Credential, person.id)
        if credential is None or credential.locked_since is None:
            raise Refused(Reason.ALREADY_DONE, f"The account of {person.name} is not locked.")
        return {"since": credential.locked_since}

    def act(session: Session, person: Person) -> str:
        lockout.unlock(session, person=person, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())
        return f"{person.name} can sign in again."

    return _page(membership_id, Action.ACCOUNT_UNLOCK, form, "pages/people/help_unlock.html", act, facts)


@blueprint.route("/<int:membership_id>/reset-password", methods=["GET", "POST"], endpoint="reset_password")
@permission(Action.PASSWORD_RESET)
def reset_password(membership_id: int) -> Any:
    form = Help()

    def facts(session: Session, person: Person) -> dict[str, Any]:
        lockout.refuse_others(session, person=person, actor=actor(), on=today())
        return {}

    def act(session: Session, person: Person) -> str:
        resets.send_reset(
            session, person=person, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy()
        )
        return f"A link to choose a new password goes to {person.email}."

    return _page(membership_id, Action.PASSWORD_RESET, form, "pages/people/help_reset.html", act, facts)


@blueprint.route("/<int:membership_id>/sign-out", methods=["GET", "POST"], endpoint="sign_out")
@permission(Action.SESSIONS_END)
def sign_out(membership_id: int) -> Any:
    form = Help()

    def facts(session: Session, person: Person) -> dict[str, Any]:
        lockout.refuse_others(session, person=person, actor=actor(), on=today())
        if not signing_out.signed_in(session, person_id=person.id):
            raise Refused(Reason.ALREADY_DONE, f"{person.name} is not signed in.")
        return {}

    def act(session: Session, person: Person) -> str:
        signing_out.sign_out(
            session, person=person, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy()
        )
        return f"{person.name} is signed out everywhere."

    return _page(membership_id, Action.SESSIONS_END, form, "pages/people/help_sign_out.html", act, facts)


@blueprint.route("/<int:membership_id>/vouch", methods=["GET", "POST"], endpoint="vouch")
@permission(Action.FACTOR_VOUCH)
@proven
def vouch(membership_id: int) -> Any:
    form = Vouch()

    def facts(session: Session, person: Person) -> dict[str, Any]:
        if why := vouching.why_not_vouch(session, person=person, actor=actor(), on=today(), now=now()):
            raise Refused(Reason.CONFLICT, why)
        return {"waits": vouching.open_for(session, person_id=person.id, now=now())}

    def act(session: Session, person: Person) -> str:
        done = vouching.vouch(
            session, person=person, recognised=form.recognised.data or "", actor=actor(), now=now(), policy=policy()
        )
        if done:
            return f"The second factor of {person.name} is taken away. A message says how to set up a new one."
        return f"Your word is on record. A second person has to vouch for {person.name} within the hour."

    return _page(membership_id, Action.FACTOR_VOUCH, form, "pages/people/help_vouch.html", act, facts)


@blueprint.route("/<int:membership_id>/email", methods=["GET", "POST"], endpoint="email")
@permission(Action.EMAIL_CHANGE)
@proven
def email(membership_id: int) -> Any:
    form = AddressForAnother()
    with reading(sessions()) as session:
        if find(session, Action.MEMBERSHIP_SEE, membership_id).person_id == actor().person_id:
            return redirect(url_for("account.email"))

    def facts(session: Session, person: Person) -> dict[str, Any]:
        lockout.refuse_others(session, person=person, actor=actor(), on=today())
        return {"waits": mailbox.waiting(session, person_id=person.id, now=now())}

    def act(session: Session, person: Person) -> str:
        mailbox.ask_change(
            session, person=person, email=form.email.data or "", reason=form.reason.data or "", actor=actor(), now=now(),
            policy=policy(),
        )  # fmt: skip
        return f"A message goes to {form.email.data}. The address counts once its mailbox has confirmed it."

    return _page(membership_id, Action.EMAIL_CHANGE, form, "pages/people/help_email.html", act, facts)
