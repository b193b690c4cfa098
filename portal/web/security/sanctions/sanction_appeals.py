"""Appeals: entered by the person, the director or, from paper, the Lead; heard by somebody who had no hand in it."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from forms.security.sanctions import Appeal, ChangeSanction, HearAppeal
from portal import permissions
from portal.db import reading
from portal.models import Sanction
from portal.services.security.sanctions import sanction_appeals
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of
from portal.web.proving import proven
from portal.web.security.room import blueprint
from portal.web.security.sanctions.sanction_acts import about, courses, measure_of, one_act
from workflows.actions import Action


@blueprint.route("/sanctions/<int:sanction_id>/appeal", methods=["GET", "POST"], endpoint="appeal_sanction")
@permission(Action.SANCTION_APPEAL)
def appeal(sanction_id: int) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SANCTION_APPEAL, Sanction, sanction_id)
        on_paper = not sanction_appeals.speaks_for_itself(row, actor())
    form = Appeal(on_paper=on_paper)

    def act(session: Session, row: Sanction) -> None:
        more = {"came_from": form.came_from.data or "", "received_on": form.received_on.data} if on_paper else {}
        sanction_appeals.appeal(
            session, row, text=form.text.data or "", actor=actor(), now=now(), policy=policy(), **more
        )

    said = "The appeal is with the HMIS Lead. Somebody who had no hand in the decision hears it, and you are told by letter."
    rests = policy().enforcement.appeal_suspends
    return one_act(sanction_id, Action.SANCTION_APPEAL, "appeal", form, act, said, on_paper=on_paper, rests=rests)


@blueprint.route("/sanctions/<int:sanction_id>/hear", methods=["GET", "POST"], endpoint="hear_appeal")
@permission(Action.SANCTION_HEAR)
@proven
def hear(sanction_id: int) -> Any:
    form = HearAppeal()

    def act(session: Session, row: Sanction) -> None:
        verb = sanction_appeals.uphold if form.outcome.data == "upheld" else sanction_appeals.overturn
        verb(session, row, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())

    return one_act(
        sanction_id, Action.SANCTION_HEAR, "hear", form, act, "Heard. Letters about the outcome are on their way."
    )


@blueprint.route("/sanctions/<int:sanction_id>/change", methods=["GET", "POST"], endpoint="change_sanction")
@permission(Action.SANCTION_HEAR)
@proven
def change(sanction_id: int) -> Any:
    form = ChangeSanction(courses=courses())

    def act(session: Session) -> Sanction:
        row = permissions.find(session, actor(), Action.SANCTION_HEAR, Sanction, sanction_id)
        return sanction_appeals.change(
            session, row, measure=measure_of(form), reason=form.reason.data or "", actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    said = "Heard and changed. What holds now is shown here; letters about the outcome are on their way."
    if done := acted(form, act, said, lambda made: url_for("security.sanction", sanction_id=made.id)):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SANCTION_HEAR, Sanction, sanction_id)
        return render_template("pages/security/sanctions/change.html", form=form, **about(row)), status_of(form)
