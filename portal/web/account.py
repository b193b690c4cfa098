"""Signing in and out: password and second factor, or a mailed link and code; setting a password by invitation."""

from typing import Any

import segno
from flask import Blueprint, flash, get_flashed_messages, redirect, render_template, request, url_for
from flask import session as browser_session
from flask_login import current_user, login_user, logout_user
from sqlalchemy.orm import Session

from forms.sign_in import AskForLink, ChangePassword, Code, NewPassword, Nothing, SignIn
from portal.db import reading, transaction
from portal.models import Link, Person
from portal.refusals import Refused
from portal.services import links
from portal.services.security import sign_in
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
        token = _by_password(form.email.data, form.password.data)
        if token:
            return enter(token, form.next.data)
        form.refuse(sign_in.WRONG, "password")
    return render_template(
        "pages/account/sign_in.html", form=form, ask=AskForLink(formdata=None)
    ), 400 if form.errors else 200


def _by_password(email: str, password: str) -> str:
    """A new session's token, or nothing. The slow look at the password happens between the transactions."""
    with transaction(sessions()) as session:
        attempt = sign_in.begin(session, email=email, now=now())
    right = sign_in.fits(attempt, password)
    with transaction(sessions()) as session:
        person = sign_in.finish(session, attempt=attempt, right=right, password=password, actor=actor(), now=now())
        return sign_in.start_session(session, person=person, via="password", actor=actor(), now=now()) if person else ""


def enter(token: str, next_path: str | None = "/") -> Any:
    """Puts the session's token into the browser, ends the one it had before, and goes on."""
    if current_user.is_authenticated and current_user.token != token:
        with transaction(sessions()) as session:
            sign_in.end_session(session, token=current_user.token, now=now())
    said: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]
    browser_session.clear()  # nothing that a stranger may have put there lives on, the CSRF token included
    for category, message in said:
        flash(message, category)
    user = signed_in.load(token)
    if user is None:
        return redirect(url_for("account.sign_in"))
    login_user(user)
    if user.needs_second_factor:
        return redirect(url_for("account.second_factor", next=kernel.safe_next(next_path)))
    return redirect(kernel.safe_next(next_path))


@blueprint.post("/sign-in/link")
@public("whoever acts rarely comes in by a mailed link and a code")
def ask_for_link() -> Any:
    form = AskForLink()
    if not form.validate_on_submit():
        return render_template("pages/account/sign_in.html", form=SignIn(formdata=None), ask=form), 400
    with transaction(sessions()) as session:
        sign_in.ask_for_link(session, email=form.mailbox.data, actor=actor(), now=now(), policy=policy())
    # The same page whether or not the address is known: nobody learns who has an account.
    return render_template("pages/account/link_sent.html", email=form.mailbox.data)


@blueprint.get("/l/<purpose>/<envelope>")
@public("the signed envelope is the permission to look")
def landing(purpose: str, envelope: str) -> Any:
    with transaction(sessions()) as session:
        link = _open(session, purpose, envelope)
        if request.method == "GET":
            links.mail_code(session, link=link, now=now(), policy=policy())
        mailed, email = links.has_live_code(link, now=now(), policy=policy()), link.person.email
    return _code_page(Code(), purpose, envelope, email, mailed=mailed)


@blueprint.post("/l/<purpose>/<envelope>/code")
@public("mails another code to the addressee of the signed envelope, five times at most")
def another_code(purpose: str, envelope: str) -> Any:
    if Nothing().validate_on_submit():
        with transaction(sessions()) as session:
            link = _open(session, purpose, envelope)
            sent = links.mail_code(session, link=link, now=now(), policy=policy(), asked=True)
        flash(
            *(
                ("A new code is on its way.", "success")
                if sent
                else ("A code went out less than a minute ago. Give it a moment.", "info")
            )
        )
    return redirect(url_for("account.landing", purpose=purpose, envelope=envelope))


@blueprint.post("/l/<purpose>/<envelope>")
@public("the code mailed to the addressee is checked here")
def prove(purpose: str, envelope: str) -> Any:
    form, token, refusal = Code(), "", ""
    with transaction(sessions()) as session:
        link = _open(session, purpose, envelope)
        email = link.person.email
        if form.validate_on_submit():
            proof = links.prove_code(session, link=link, code=form.code.data, now=now(), policy=policy())
            refusal = proof.sentence
            if proof.proven:
                links.use(session, link=link, now=now())
                token = sign_in.start_session(
                    session, person=link.person, via="link", actor=actor(), now=now(), link_id=link.id
                )
        mailed = links.has_live_code(link, now=now(), policy=policy())
    if token:
        return enter(token, "/" if purpose == "sign_in" else url_for("account.new_password"))
    if refusal:
        form.refuse(refusal, "code")
    return _code_page(form, purpose, envelope, email, mailed=mailed), 400


def _open(session: Session, purpose: str, envelope: str) -> Link:
    if purpose not in PURPOSES:
        raise Refused(
            Reason.LINK_SPENT, "This link is not complete. Open it again from the message, or ask for a new one."
        )
    return links.open_link(session, keys=keys(), envelope=envelope, purpose=purpose, now=now())


def _code_page(form: Code, purpose: str, envelope: str, email: str, *, mailed: bool) -> str:
    minutes = policy().one_time_code.minutes
    return render_template(
        "pages/account/code.html",
        form=form,
        purpose=purpose,
        envelope=envelope,
        email=_masked(email),
        mailed=mailed,
        minutes=minutes,
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@public("checks by itself that somebody is signed in: a new person of the Lead has no second factor yet")
def new_password() -> Any:
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in", next=kernel.own_path()))
    if current_user.needs_second_factor and signed_in.has_second_factor(current_user.person.id):
        return redirect(url_for("account.second_factor", next=kernel.own_path()))
    form = ChangePassword() if _must_say_present() else NewPassword()
    if form.validate_on_submit():
        try:
            return _set_password(form)
        except Refused as no:
            form.refuse(no.sentence, no.field)
    return render_template("pages/account/password.html", form=form), 400 if form.errors else 200


def _must_say_present() -> bool:
    """Whoever came by a link has just shown that the mailbox is theirs; whoever came by a password shows that again."""
    with reading(sessions()) as session:
        return current_user.via == "password" and sign_in.has_password(session, current_user.person.id)


def _set_password(form: NewPassword) -> Any:
    if isinstance(form, ChangePassword):
        with transaction(sessions()) as session:
            attempt = sign_in.begin(session, email=current_user.person.email, now=now())
        right = sign_in.fits(attempt, form.current.data)
        with transaction(sessions()) as session:
            if (
                sign_in.finish(
                    session, attempt=attempt, right=right, password=form.current.data, actor=actor(), now=now()
                )
                is None
            ):
                form.refuse(
                    "This is not your present password. After five wrong tries there is a pause of 15 minutes.",
                    "current",
                )
        if form.errors:
            return render_template("pages/account/password.html", form=form), 400
    with transaction(sessions()) as session:
        person = session.get_one(Person, current_user.person.id)
        first = not sign_in.has_password(session, person.id)
        sign_in.set_password(session, person=person, password=form.password.data, actor=actor(), now=now())
        token = sign_in.start_session(session, person=person, via="password", actor=actor(), now=now())
    flash(
        "Your password is set." if first else "Your new password is set. You were signed out everywhere else.",
        "success",
    )
    return enter(token)


@blueprint.route("/sign-in/second-factor", methods=["GET", "POST"])
@public("the second step of signing in; checks the first by itself")
def second_factor() -> Any:
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    if not current_user.needs_second_factor:
        return redirect(kernel.safe_next(request.args.get("next")))
    form, qr, secret, token = Code(), "", "", ""
    if form.validate_on_submit():
        with transaction(sessions()) as session:
            person = session.get_one(Person, current_user.person.id)
            passed = sign_in.check_totp(
                session,
                person=person,
                session_id=current_user.session_id,
                code=form.code.data,
                keys=keys(),
                actor=actor(),
                now=now(),
            )
            token = sign_in.rotate(session, token=current_user.token, now=now()) if passed else ""
        if token:
            return enter(token, request.args.get("next"))
        form.refuse("This code is not right, or was used before. Wait for the next one and type it at once.", "code")
    if not signed_in.has_second_factor(current_user.person.id):
        with transaction(sessions()) as session:
            uri = sign_in.begin_totp(session, person=session.get_one(Person, current_user.person.id), keys=keys())
        qr, secret = segno.make(uri).svg_data_uri(scale=5), uri.split("secret=")[1].split("&")[0]
    return render_template(
        "pages/account/second_factor.html", form=form, qr=qr, secret=secret
    ), 400 if form.errors else 200


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


def _masked(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[:1]}{'•' * max(2, len(name) - 1)}@{domain}"
