"""One's own e-mail address: another one counts once its mailbox has confirmed it."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy.orm import Session

from forms.sign_in import NewAddress, Nothing, OwnAddress
from portal.db import reading, transaction
from portal.models import Person
from portal.services.people import mailbox
from portal.web.account.present import is_right, must_say_present
from portal.web.account.room import blueprint
from portal.web.kernel import actor, keys, now, permission, policy, public, saved, sessions
from workflows.actions import Action


@blueprint.route("/account/email", methods=["GET", "POST"])
@permission(Action.EMAIL_CHANGE)
def email() -> Any:
    form = OwnAddress() if must_say_present() else NewAddress()
    with reading(sessions()) as session:
        person = session.get_one(Person, actor().person_id)
        waits = mailbox.waiting(session, person_id=person.id, now=now())
        session.expunge_all()

    def ask(session: Session) -> None:
        mailbox.ask_change(
            session, person=session.get_one(Person, current_user.person.id), email=form.email.data, actor=actor(), now=now(),
            policy=policy(),
        )  # fmt: skip

    if form.validate_on_submit() and (not isinstance(form, OwnAddress) or is_right(form)) and saved(form, ask):
        told = f"A message is on its way to {form.email.data}. Open its link within a day; until then nothing changes."
        flash(told, "success")
        return redirect(url_for("account.email"))
    return render_template(
        "pages/account/email.html", form=form, about=person, waits=waits
    ), 400 if form.errors else 200


@blueprint.route("/l/mailbox/<envelope>", methods=["GET", "POST"])
@public("the signed envelope, sent to the new mailbox alone, is the permission")
def confirm_email(envelope: str) -> Any:
    form, done = Nothing(), False
    with transaction(sessions()) as session:
        change = mailbox.open_change(session, keys=keys(), envelope=envelope, now=now())
        about, wanted = change.person.name, change.email
        if form.validate_on_submit():
            mailbox.confirm(session, change=change, actor=actor(), now=now(), policy=policy())
            done = True
    if done:
        flash(f"{wanted} is your address in the portal now. Sign in with it.", "success")
        return redirect(url_for("account.sign_in"))
    return render_template("pages/account/confirm_email.html", form=form, about=about, wanted=wanted)
