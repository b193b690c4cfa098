"""Policy packs: what is in force in readable words, who proposed and activated what, proposing and withdrawing."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.policy import ProposePack, Withdraw
from portal.db import reading, transaction
from portal.models import PackActivation
from portal.refusals import Refused, bad_input, not_found
from portal.services import packs
from portal.services.desk import pack_preview
from portal.web.desk.room import blueprint
from portal.web.kernel import actor, context, now, permission, policy, sessions
from portal.web.proving import proven
from workflows import pack_changes
from workflows.actions import Action
from workflows.policy import MAINE, Policy, PolicyError, load


@blueprint.get("/policy", endpoint="policy")
@permission(Action.PACK_SEE)
def in_force() -> Any:
    with reading(sessions()) as session:
        rows = packs.history(session)
        return render_template(
            "pages/desk/policy.html",
            pack=policy(),
            rows=rows,
            current=next((row for row in rows if row.status == "in_force"), None),
            waiting=next((row for row in rows if row.status == "proposed"), None),
            own=actor().label,
            prerequisites=[pack_changes.described(p, policy()) for p in policy().prerequisites],
            settings=pack_changes.settings(policy()),
        )


@blueprint.route("/policy/propose", methods=["GET", "POST"], endpoint="policy_propose")
@permission(Action.PACK_PROPOSE)
@proven
def propose() -> Any:
    """Three pages: the text and a note, then what it would change and for whom, then it waits for a second person."""
    form = ProposePack()
    candidate = _checked(form) if form.validate_on_submit() else None
    if candidate is not None and "change" not in request.form:
        try:
            return _proposed(form, candidate) if "confirmed" in request.form else _to_check(form, candidate)
        except Refused as no:
            form.refuse(no.sentence, no.field)
    with reading(sessions()) as session:
        other = packs.waiting(session)
        return render_template(
            "pages/desk/policy_propose.html", form=form, other=other, name=policy().name
        ), 400 if form.errors else 200


def _checked(form: ProposePack) -> Policy | None:
    """The pack that was uploaded or pasted; None, with the field and the sentence on the form, where it is none."""
    try:
        form.text.data, form.called.data = _typed(form)
        return load(form.text.data, form.called.data)
    except PolicyError as wrong:
        form.refuse(str(wrong), "text")
    except Refused as no:
        form.refuse(no.sentence, no.field)
    return None


def _typed(form: ProposePack) -> tuple[str, str]:
    upload = form.file.data
    if upload and upload.filename:
        try:
            text, called = upload.read().decode("utf-8-sig"), str(upload.filename)[-100:]
        except UnicodeDecodeError:
            raise bad_input("This file is no text in UTF-8. Choose the pack's TOML file.", "file") from None
    else:
        text, called = form.text.data or "", (form.called.data or "pasted text")[:100]
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise bad_input("Choose the pack's file, or paste its text.", "file")
    if len(text) > packs.LONGEST:
        raise bad_input(f"A pack has {packs.LONGEST:,} characters at most; this has {len(text):,}.", "file")
    return text, called


def _to_check(form: ProposePack, candidate: Policy) -> Any:
    with reading(sessions()) as session:
        found = pack_preview.preview(session, candidate=candidate, now=now(), policy=context().policy)
    return render_template(
        "pages/desk/policy_check.html",
        form=form,
        pack=candidate,
        changes=pack_changes.changes(policy(), candidate),
        weaker=list(pack_changes.weaker(candidate, load(MAINE))),
        found=found,
    )


def _proposed(form: ProposePack, candidate: Policy) -> Any:
    with transaction(sessions()) as session:
        found = pack_preview.preview(session, candidate=candidate, now=now(), policy=context().policy)
        packs.propose(
            session, candidate, actor=actor(), now=now(), note=form.note.data or "", foreseen=found.kept(),
            by_scim=context().settings.by_scim,
        )  # fmt: skip
    flash(f"{candidate.name}, version {candidate.version[:12]}, waits for a second person.", "success")
    return redirect(url_for("desk.policy"))


def find(session: Session, version: str) -> PackActivation:
    """The latest proposal of a version; NOT_FOUND for a version that nobody ever proposed."""
    row = session.scalars(
        select(PackActivation).where(PackActivation.version == version).order_by(PackActivation.id.desc()).limit(1)
    ).first()
    if row is None:
        raise not_found()
    return row


@blueprint.route("/policy/<version>/withdraw", methods=["GET", "POST"], endpoint="policy_withdraw")
@permission(Action.PACK_WITHDRAW)
def withdraw(version: str) -> Any:
    form = Withdraw()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                packs.withdraw(session, find(session, version), actor=actor(), now=now(), reason=form.reason.data or "")
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("The proposal was withdrawn. Nothing has changed for anybody.", "success")
            return redirect(url_for("desk.policy"))
    with reading(sessions()) as session:
        row = find(session, version)
        return render_template(
            "pages/desk/policy_withdraw.html", form=form, row=row, title=row.pack.name
        ), 400 if form.errors else 200
