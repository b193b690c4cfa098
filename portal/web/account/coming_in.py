"""The way in by password, asking for a link or a new password, and the way out."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask import session as browser_session
from flask_login import current_user, logout_user

from forms.sign_in import AskForLink, Nothing, SignIn
from portal.db import transaction
from portal.services.account import sign_in
from portal.web import kernel
from portal.web.account.room import blueprint, enter
from portal.web.kernel import actor, now, policy, public, sessions


@blueprint.route("/sign-in", methods=["GET", "POST"], endpoint="sign_in")
@public("the way in")
def sign_in_page() -> Any:
    form, status = SignIn(next=kernel.safe_next(request.args.get("next"))), 200
    if form.validate_on_submit():
        token, refused = _by_password(form.email.data, form.password.data)
        if token:
            return enter(token, form.next.data)
        form.refuse(refused or sign_in.WRONG, "password")
        status = 429 if refused else 400
    elif form.errors:
        status = 400
    return render_template("pages/account/sign_in.html", form=form, ask=AskForLink(formdata=None)), status


def _by_password(email: str, password: str) -> tuple[str, str]:
    """A new session's token, or the limit's sentence, or neither. The slow look at the password is between the transactions."""
    with transaction(sessions()) as session:
        attempt = sign_in.begin(session, email=email, now=now(), policy=policy(), address=kernel.address())
    right = sign_in.fits(attempt, password)
    with transaction(sessions()) as session:
        person = sign_in.finish(session, attempt=attempt, right=right, password=password, actor=actor(), now=now())
        if person is None:
            return "", attempt.refused
        return sign_in.start_session(session, person=person, via="password", actor=actor(), now=now()), ""


@blueprint.post("/sign-in/link")
@public("whoever acts rarely comes in by a mailed link and a code")
def ask_for_link() -> Any:
    form = AskForLink()
    if form.validate_on_submit() and _knock(form, "sign_in"):
        # The same page whether or not the address is known: nobody learns who has an account.
        return render_template("pages/account/link_sent.html", email=form.mailbox.data, purpose="sign_in")
    return render_template("pages/account/sign_in.html", form=SignIn(formdata=None), ask=form), _status(form)


@blueprint.route("/sign-in/forgot", methods=["GET", "POST"])
@public("whoever forgot the password has a link mailed to choose a new one")
def forgot() -> Any:
    form = AskForLink()
    if form.validate_on_submit() and _knock(form, "reset"):
        return render_template("pages/account/link_sent.html", email=form.mailbox.data, purpose="reset")
    return render_template("pages/account/forgot.html", form=form), _status(form) if form.errors else 200


def _knock(form: AskForLink, purpose: str) -> bool:
    with transaction(sessions()) as session:
        heard = sign_in.knock(
            session, email=form.mailbox.data, purpose=purpose, actor=actor(), now=now(), policy=policy()
        )
    if not heard:
        form.refuse(sign_in.SLOW_DOWN.format(minutes=policy().sign_in.address_minutes), "mailbox")
    return heard


def _status(form: AskForLink) -> int:
    return 429 if any("from your network" in said for said in form.mailbox.errors) else 400


@blueprint.post("/sign-out")
@public("ends a session if there is one")
def sign_out() -> Any:
    if Nothing().validate_on_submit() and current_user.is_authenticated:
        with transaction(sessions()) as session:
            sign_in.end_session(session, token=current_user.token, now=now())
        logout_user()
        browser_session.clear()
        flash("You are signed out.", "success")
    return redirect(url_for("account.sign_in"))
