"""One pack: what it says otherwise than the one in force, whom that concerns by name, its text; putting it in force."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.policy import Agree, ForeseenFilter
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import PackActivation
from portal.refusals import Refused
from portal.services import packs
from portal.services.desk import foreseen, pack_preview
from portal.services.desk.foreseen import GROUPS, Foreseen, Preview, What
from portal.web.desk.foreseen_list import as_rows, part, texts
from portal.web.desk.policy import find
from portal.web.desk.room import as_csv, blueprint
from portal.web.kernel import actor, context, now, permission, policy, sessions
from portal.web.proving import proven
from workflows import pack_changes
from workflows.actions import Action
from workflows.policy import MAINE, Policy, load
from workflows.vocabulary import Reason

TABS = ("changes", "people", "text")


@blueprint.get("/policy/<version>", endpoint="policy_one")
@permission(Action.PACK_SEE)
def one(version: str) -> Any:
    tab = request.args.get("tab", "changes")
    tab = tab if tab in TABS else "changes"
    form, after = ForeseenFilter(request.args), request.args.get("after", "")
    with reading(sessions()) as session:
        row = find(session, version)
        pack = packs.of_version(session, version)
        found = None
        if row.status != "in_force":
            found = pack_preview.preview(session, candidate=pack, now=now(), policy=context().policy)
        if found and request.args.get("format") == "csv":
            return _csv(form, found, pack)
        return render_template(
            "pages/desk/policy_one.html",
            row=row,
            pack=pack,
            tab=tab,
            changes=pack_changes.changes(policy(), pack),
            weaker=list(pack_changes.weaker(pack, load(MAINE))),
            found=found,
            part=part(found, form, after) if found else None,
            form=form,
            titles=titles(pack),
            mine=row.proposed_by == actor().label,
        )


def titles(pack: Policy) -> dict[str, str]:
    """What prerequisites are called, of this pack and of the one in force: one of them may have dropped one."""
    return {p.id: p.title for p in (*policy().prerequisites, *pack.prerequisites)}


def _csv(form: ForeseenFilter, found: Preview, pack: Policy) -> Any:
    rows = as_rows(form, found)
    with transaction(sessions()) as session:
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="policy pack.export",
            said=f"Downloaded whom version {pack.version[:12]} would concern: {len(rows)} memberships.",
        )
    return as_csv(
        f"policy-{pack.version[:12]}",
        ("Agency", "Person", "What", "When", "Because of", "Without it too"),
        texts(rows, titles(pack)),
    )


@blueprint.route("/policy/<version>/activate", methods=["GET", "POST"], endpoint="policy_activate")
@permission(Action.PACK_ACTIVATE)
@proven
def activate(version: str) -> Any:
    """Says exactly what happens to whom, as of this moment; carries it out for whoever saw just that."""
    form = Agree()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                found = pack_preview.activate(
                    session, find(session, version), seen=form.seen.data or "", why=form.reason.data or "", actor=actor(), now=now(), policy=context().policy,
                )  # fmt: skip
        except Refused as no:
            if no.reason in {Reason.NOT_ALLOWED, Reason.SAME_PERSON}:
                raise
            form.refuse(no.sentence)
        else:
            flash(f"The pack is in force: {pack_preview.summary(found)}.", "success")
            return redirect(url_for("desk.policy"))
    with reading(sessions()) as session:
        row = find(session, version)
        permissions.check(session, actor(), Action.PACK_ACTIVATE, row)
        pack = packs.of_version(session, version)
        found = pack_preview.preview(session, candidate=pack, now=now(), policy=context().policy)
        form.seen.data = found.digest()
        return render_template(
            "pages/desk/policy_activate.html",
            form=form,
            row=row,
            pack=pack,
            found=found,
            titles=titles(pack),
            part=part(found, ForeseenFilter(request.args), request.args.get("after", "")),
            drift=_drift(session, row, found),
            share=pack.brake.share,
        ), 400 if form.errors else 200


def _drift(session: Session, row: PackActivation, found: Preview) -> list[tuple[str, list[Foreseen], list[Foreseen]]]:
    """By group, who has come to be concerned since it was proposed, and who is no longer."""
    moved = foreseen.drift(row.foreseen, found)
    known = {line.membership_id: line for line in found.lines}
    gone = [Foreseen(each, What.LACKS, None, ()) for ids in moved.went.values() for each in ids]
    left = {line.membership_id: line for line in foreseen.named(session, gone, found.live).lines}
    return [
        (group, [known[each] for each in moved.came[group]], [left[each] for each in moved.went[group] if each in left])
        for group in GROUPS
        if moved.came[group] or moved.went[group]
    ]
