"""Signing by link and code: the landing page, the text with its initials, check answers, the signature, the copy."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms import documents
from forms.sign_in import Code, Nothing
from forms.signing import SignForm, sign_form
from portal import permissions
from portal.db import reading, transaction
from portal.models import Document, Link, Person
from portal.refusals import Refused
from portal.services import drafts, links, paperwork
from portal.services.account import lockout, sign_in
from portal.web import documents_shown, kernel
from portal.web.kernel import actor, keys, now, permission, policy, public, sessions
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.vocabulary import Reason

blueprint = Blueprint("signing", __name__)
STEPS = ["Confirm it is you", "Read and sign", "Check", "Done"]


@blueprint.get("/s/<envelope>")
@public("the signed envelope is the permission to look; signing needs the mailed code")
def landing(envelope: str) -> Any:
    """What this is and who asks; a browser's first look has the code mailed, a scanner's HEAD or a prefetch does not."""
    with transaction(sessions()) as session:
        link = links.open_link(session, keys=keys(), envelope=envelope, purpose="signing", now=now(), policy=policy())
        if _proven_here(link):
            return redirect(url_for("signing.read", document_id=link.document_id))
        if request.method == "GET" and "prefetch" not in _purpose():
            links.mail_code(session, link=link, now=now(), policy=policy())
        return render_template("pages/signing/landing.html", **_landing(session, link, envelope, Code()))


@blueprint.post("/s/<envelope>/code")
@public("the code mailed to the addressee is checked here")
def prove(envelope: str) -> Any:
    form, token = Code(), ""
    with transaction(sessions()) as session:
        link = links.open_link(session, keys=keys(), envelope=envelope, purpose="signing", now=now(), policy=policy())
        shown = _landing(session, link, envelope, form)
        if lockout.is_locked(session, link.person_id):
            raise Refused(Reason.ILLEGAL_MOVE, lockout.LOCKED)
        if form.validate_on_submit():
            # Returned and not raised: the count of wrong tries is committed with the rest.
            proof = links.prove_code(session, link=link, code=form.code.data, now=now(), policy=policy())
            if not proof.proven:
                form.refuse(proof.sentence, "code")
            elif actor().person_id != link.person_id:
                token = sign_in.start_session(
                    session, person=link.person, via="link", actor=actor(), now=now(), link_id=link.id
                )
    if form.errors:
        return render_template("pages/signing/landing.html", **shown), 400
    target = url_for("signing.read", document_id=link.document_id)
    return _enter(token, target) if token else redirect(target)


@blueprint.post("/s/<envelope>/send")
@public("mails a new code to the addressee, and to nobody else")
def send(envelope: str) -> Any:
    with transaction(sessions()) as session:
        link = links.open_link(session, keys=keys(), envelope=envelope, purpose="signing", now=now(), policy=policy())
        sent = links.mail_code(session, link=link, now=now(), policy=policy(), asked=True)
    if sent:
        flash("A new code is on its way. The ones before do not work any more.", "success")
    else:
        flash("A code was mailed less than a minute ago. Wait for it, or ask again in a minute.", "info")
    return redirect(url_for("signing.landing", envelope=envelope))


@blueprint.post("/documents/<int:document_id>/sign-here")
@permission(Action.DOCUMENT_SIGN)
def here(document_id: int) -> Any:
    """Whoever is signed in and whose turn it is goes on without waiting for the message; the code is mailed all the same."""
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_SEE, Document, document_id)
        waiting = paperwork.next_signer(session, document, paperwork.text_of(document))
        paperwork.refuse_others(session, document, waiting, actor().person_id, on=kernel.today())
        envelope = links.issue_here(session, keys=keys(), document=document, actor=actor(), now=now(), policy=policy())
    return redirect(url_for("signing.landing", envelope=envelope))


@blueprint.route("/documents/<int:document_id>/sign", methods=["GET", "POST"])
@permission(Action.DOCUMENT_SIGN)
def read(document_id: int) -> Any:
    """The whole text with its initials and the signature's fields; what is typed is kept until it is signed."""
    with transaction(sessions()) as session:
        document, link = _at_hand(session, document_id)
        if link is None:
            return redirect(url_for("documents.show", document_id=document_id))
        form = _form(session, document)
        valid = form.validate_on_submit()
        if request.method == "POST":
            drafts.keep(session, person_id=link.person_id, page=_page(document), fields=_typed(form), now=now())
    if valid:
        refusal = _rehearsed(document_id, form)
        if refusal is None:
            return redirect(url_for("signing.check", document_id=document_id))
        form.refuse(refusal.sentence, refusal.field)
    return _read_page(document_id, form, 400 if form.errors or form.form_errors else 200)


@blueprint.route("/documents/<int:document_id>/sign/check", methods=["GET", "POST"])
@permission(Action.DOCUMENT_SIGN)
def check(document_id: int) -> Any:
    """Check answers, then sign: the one moment at which the link is used."""
    form = Nothing()
    with reading(sessions()) as session:
        document, link = _at_hand(session, document_id)
        if link is None:
            return redirect(url_for("documents.show", document_id=document_id))
        typed = _form(session, document, filled=drafts.kept(session, person_id=link.person_id, page=_page(document)))
        if not typed.validate_again():
            return redirect(url_for("signing.read", document_id=document_id))
        rows = documents_shown.answers_to_check(document, typed)
        title = paperwork.text_of(document).title
    if not form.validate_on_submit():
        return render_template(
            "pages/signing/check.html", form=form, rows=rows, title=title, document_id=document_id, steps=STEPS
        )
    try:
        with transaction(sessions()) as session:
            _sign(session, document_id, typed)
    except Refused as refusal:
        if not refusal.field:
            raise
        typed.refuse(refusal.sentence, refusal.field)
        return _read_page(document_id, typed, 400)
    return redirect(url_for("signing.signed", document_id=document_id))


@blueprint.get("/documents/<int:document_id>/signed")
@permission(Action.DOCUMENT_SIGN)
def signed(document_id: int) -> Any:
    """That it is signed, what happens next, and the copy."""
    with reading(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_SEE, Document, document_id)
        if all(signature.person_id != actor().person_id for signature in paperwork.signatures(session, document)):
            return redirect(url_for("documents.show", document_id=document_id))
        return render_template("pages/signing/signed.html", steps=STEPS, **documents_shown.facts(session, document))


def _at_hand(session: Session, document_id: int) -> tuple[Document, Link | None]:
    """The document, and this person's link to it whose code was entered."""
    document = permissions.find(session, actor(), Action.DOCUMENT_SEE, Document, document_id)
    return document, links.proven(session, document, actor().person_id, now=now())


def _form(session: Session, document: Document, filled: dict[str, Any] | None = None) -> SignForm:
    """The document's form, with what was kept; `filled` stands in for what a browser would have sent."""
    text = paperwork.text_of(document)
    signer = paperwork.next_signer(session, document, text)
    if signer is None:
        raise Refused(Reason.ALREADY_DONE, "Everybody has signed this document already.")
    first = not paperwork.signatures(session, document)
    blanks = paperwork.to_fill(text, document.answers) if first else ()
    made = sign_form(text, signer, blanks, paperwork.statement_of(document, text, signer))
    kept = filled if filled is not None else drafts.kept(session, person_id=actor().person_id, page=_page(document))
    return made.from_kept(kept) if filled is not None or request.method == "GET" else made()


def _typed(form: SignForm) -> dict[str, Any]:
    return {
        name: values
        for name, values in request.form.to_dict(flat=False).items()
        if name in form and name != "csrf_token"
    }


def _sign(session: Session, document_id: int, form: SignForm) -> None:
    document, link = _at_hand(session, document_id)
    if link is None:
        raise Refused(
            Reason.LINK_SPENT, "This was signed already, or its link does not work any more. Open the newest message."
        )
    paperwork.sign(
        session, document=document, link=link, name=form.name.data, title=form.title.data or "", authority=form.authority.data,
        initials=form.initials(paperwork.text_of(document)), consent=form.consent.data, answers=form.answers(), actor=actor(), now=now(),
        policy=policy(),
    )  # fmt: skip
    drafts.drop(session, person_id=link.person_id, page=_page(document))


def _rehearsed(document_id: int, form: SignForm) -> Refused | None:
    """What signing would refuse, found by doing it and taking it back: the check page promises nothing that fails."""
    try:
        with sessions()() as session:
            _sign(session, document_id, form)
            session.rollback()
    except Refused as refusal:
        return refusal
    return None


def _read_page(document_id: int, form: SignForm, status: int) -> Any:
    with reading(sessions()) as session:
        document, link = _at_hand(session, document_id)
        shown = documents_shown.text_to_sign(session, document, form)
        agreed = documents.latest("electronic_consent")
        notice = documents.latest("privacy_notice") if document.kind == "user_agreement" else None
        return render_template(
            "pages/signing/read.html",
            form=form,
            steps=STEPS,
            consent=agreed,
            notice=notice,
            person=link.person if link else None,
            **shown,
        ), status


def _landing(session: Session, link: Link, envelope: str, form: Code) -> dict[str, Any]:
    document = session.get_one(Document, link.document_id)
    sender = session.get(Person, link.sent_by) if link.sent_by else None
    text = paperwork.text_of(document)
    waiting = paperwork.next_signer(session, document, text)
    return {
        "form": form, "again": Nothing(formdata=None), "envelope": envelope, "text": text, "agency": document.agency.name, "steps": STEPS,
        "asked_by": sender.name if sender else policy().lead, "signer": waiting.label if waiting else "", "email": link.person.email,
        "minutes": policy().one_time_code.minutes, "sent_at": link.code_sent_at, "first_name": link.person.first_name,
        "expires_on": us_date(local_day(link.expires_at, policy().zone)),
        "live": links.has_live_code(link, now=now(), policy=policy()),
    }  # fmt: skip


def _proven_here(link: Link) -> bool:
    return (
        actor().person_id == link.person_id
        and link.code_proven_at is not None
        and now() - link.code_proven_at < paperwork.FRESH
    )


def _purpose() -> str:
    return " ".join(request.headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Moz")).lower()


def _page(document: Document) -> str:
    return f"sign:{document.id}:{document.round}"


def _enter(token: str, path: str) -> Any:
    from portal.web.account import enter  # its pages are registered by themselves

    return enter(token, path)
