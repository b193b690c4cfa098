"""Signing in and out: password and second factor, or a mailed link and code; setting a password by invitation."""

from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_user, logout_user

from forms.sign_in import AskForLink, Code, NewPassword, Nothing, SignIn
from portal.db import transaction
from portal.models import Person
from portal.refusals import Refused
from portal.services import links, sign_in
from portal.web import kernel, signed_in
from portal.web.kernel import actor, keys, now, policy, public, sessions
from workflows.vocabulary import Reason

blueprint = Blueprint("account", __name__)
PURPOSES = ("sign_in", "invitation", "reset")


@blueprint.route("/sign-in", methods=["GET", "POST"], endpoint="sign_in")
@public("the way in")
def sign_in_page() -> Any:
    form = SignIn(next=kernel.safe_next(request.args.get("next")))
    if form.validate_on_submit():
        with transaction(sessions()) as session:
            person = sign_in.check_password(session, email=form.email.data, password=form.password.data, actor=actor(), now=now())
            token = sign_in.start_session(session, person=person, via="password", actor=actor(), now=now()) if person else ""
        if token:
            return enter(token, form.next.data)
        form.refuse(sign_in.WRONG, "password")
    return render_template("pages/account/sign_in.html", form=form, ask=AskForLink(formdata=None)), 400 if form.errors else 200


def enter(token: str, next_path: str | None = "/") -> Any:
    """Puts the session's token into the browser and goes on."""
    user = signed_in.load(token)
    login_user(user)
    if user is not None and user.needs_second_factor:
        return redirect(url_for("account.second_factor", next=kernel.safe_next(next_path)))
    return redirect(kernel.safe_next(next_path))


@blueprint.post("/sign-in/link")
@public("whoever acts rarely comes in by a mailed link and a code")
def ask_for_link() -> Any:
    form = AskForLink()
    if not form.validate_on_submit():
        return render_template("pages/account/sign_in.html", form=SignIn(formdata=None), ask=form), 400
    with transaction(sessions()) as session:
        person = sign_in.by_email(session, form.email.data)
        if person is not None:
            links.invite(session, person=person, purpose="sign_in", actor=actor(), now=now(), policy=policy())
    # The same page whether or not the address is known: nobody learns who has an account.
    return render_template("pages/account/link_sent.html", email=form.email.data)


@blueprint.get("/l/<purpose>/<envelope>")
@public("the signed envelope is the permission to look")
def landing(purpose: str, envelope: str) -> Any:
    if purpose not in PURPOSES:
        raise Refused(Reason.LINK_SPENT, "This link is not complete. Open it again from the message, or ask for a new one.")
    with transaction(sessions()) as session:
        link = links.open_link(session, keys=keys(), envelope=envelope, purpose=purpose, now=now())
        if request.method == "GET":
            links.mail_code(session, link=link, now=now(), policy=policy())
        return render_template("pages/account/code.html", form=Code(), purpose=purpose, envelope=envelope, email=_masked(link.person.email))


@blueprint.post("/l/<purpose>/<envelope>")
@public("the code mailed to the addressee is checked here")
def prove(purpose: str, envelope: str) -> Any:
    if purpose not in PURPOSES:
        raise Refused(Reason.LINK_SPENT, "This link is not complete. Open it again from the message, or ask for a new one.")
    form, token, refusal = Code(), "", None
    with transaction(sessions()) as session:
        link = links.open_link(session, keys=keys(), envelope=envelope, purpose=purpose, now=now())
        email = _masked(link.person.email)
        if form.validate_on_submit():
            proof = links.prove_code(session, link=link, code=form.code.data, now=now(), policy=policy())
            refusal = proof.sentence
            if proof.proven:
                links.use(session, link=link, now=now())
                token = sign_in.start_session(session, person=link.person, via="link", actor=actor(), now=now(), link_id=link.id)
    if token:
        return enter(token, "/" if purpose == "sign_in" else url_for("account.new_password"))
    if refusal:
        form.refuse(refusal, "code")
    return render_template("pages/account/code.html", form=form, purpose=purpose, envelope=envelope, email=email), 400


@blueprint.route("/account/password", methods=["GET", "POST"])
@public("checks by itself that somebody is signed in: also before the second factor")
def new_password() -> Any:
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in", next=kernel.own_path()))
    form = NewPassword()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                person = session.get_one(Person, current_user.person.id)
                sign_in.set_password(session, person=person, password=form.password.data, actor=actor(), now=now())
                token = sign_in.start_session(session, person=person, via="password", actor=actor(), now=now())
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("Your new password is set. You were signed out everywhere else.", "success")
            return enter(token)
    return render_template("pages/account/password.html", form=form), 400 if form.errors else 200


@blueprint.route("/sign-in/second-factor", methods=["GET", "POST"])
@public("the second step of signing in; checks the first by itself")
def second_factor() -> Any:
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    form, qr, secret = Code(), "", ""
    if form.validate_on_submit():
        with transaction(sessions()) as session:
            person = session.get_one(Person, current_user.person.id)
            passed = sign_in.check_totp(
                session, person=person, session_id=current_user.session_id, code=form.code.data, keys=keys(), actor=actor(), now=now()
            )
        if passed:
            return redirect(kernel.safe_next(request.args.get("next")))
        form.refuse("This code is not right, or was used before. Wait for the next one and type it at once.", "code")
    if not signed_in.has_second_factor(current_user.person.id):
        with transaction(sessions()) as session:
            uri = sign_in.begin_totp(session, person=session.get_one(Person, current_user.person.id), keys=keys(), now=now())
        qr, secret = segno.make(uri).svg_data_uri(scale=5), uri.split("secret=")[1].split("&")[0]
    return render_template("pages/account/second_factor.html", form=form, qr=qr, secret=secret), 400 if form.errors else 200


@blueprint.post("/sign-out")
@public("ends a session if there is one")
def sign_out() -> Any:
    if Nothing().validate_on_submit() and current_user.is_authenticated:
        with transaction(sessions()) as session:
            sign_in.end_session(session, token=current_user.token, now=now())
        logout_user()
    return redirect(url_for("account.sign_in"))


def _masked(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[:1]}{'•' * max(2, len(name) - 1)}@{domain}"
