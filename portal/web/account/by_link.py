"""Coming in by a mailed link and the code that follows it: to sign in, to accept an invitation, to choose a new password."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.sign_in import Code, Nothing
from portal.db import transaction
from portal.models import Link
from portal.refusals import Refused
from portal.services import drafts, links
from portal.services.account import lockout, sign_in
from portal.web import late
from portal.web.account.room import blueprint, enter, masked
from portal.web.kernel import actor, keys, now, policy, public, sessions
from workflows.vocabulary import Reason

PURPOSES = ("sign_in", "invitation", "reset")


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
    form, token, refusal, onward = Code(), "", "", "/"
    with transaction(sessions()) as session:
        link = _open(session, purpose, envelope)
        email = link.person.email
        if form.validate_on_submit():
            proof = links.prove_code(session, link=link, code=form.code.data, now=now(), policy=policy())
            refusal = proof.sentence
            if proof.proven:
                links.use(session, link=link, now=now())
                typed = drafts.kept(session, person_id=link.person_id, page=late.SENT)
                onward = url_for("account.typed") if typed else "/"
                token = sign_in.start_session(
                    session, person=link.person, via="link", actor=actor(), now=now(), link_id=link.id
                )
        mailed = links.has_live_code(link, now=now(), policy=policy())
    if token:
        return enter(token, onward if purpose == "sign_in" else url_for("account.new_password"))
    if refusal:
        form.refuse(refusal, "code")
    return _code_page(form, purpose, envelope, email, mailed=mailed), 400


def _open(session: Session, purpose: str, envelope: str) -> Link:
    if purpose not in PURPOSES:
        raise Refused(
            Reason.LINK_SPENT, "This link is not complete. Open it again from the message, or ask for a new one."
        )
    link = links.open_link(session, keys=keys(), envelope=envelope, purpose=purpose, now=now())
    if lockout.is_locked(session, link.person_id):
        raise Refused(Reason.ILLEGAL_MOVE, lockout.LOCKED)
    return link


def _code_page(form: Code, purpose: str, envelope: str, email: str, *, mailed: bool) -> str:
    return render_template(
        "pages/account/code.html",
        form=form,
        purpose=purpose,
        envelope=envelope,
        email=masked(email),
        mailed=mailed,
        minutes=policy().one_time_code.minutes,
    )
