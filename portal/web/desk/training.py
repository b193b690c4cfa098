"""Quiz results at the desk: the tray of unmatched ones, certificates to confirm, entries by hand with their proof."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from forms.desk import HandResult, MatchForm, Reason
from portal import audit, permissions
from portal.adapters.lms.scores import ScoreError, read_score
from portal.db import reading, transaction
from portal.models import Person, StoredFile, TrainingResult
from portal.refusals import Refused, bad_input, not_found
from portal.services.desk import training_tray
from portal.services.paging import Order
from portal.services.people import attempts, certificates, people, training
from portal.web import uploads
from portal.web.components import plural
from portal.web.desk.room import blueprint, pager
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action


@blueprint.get("/training", endpoint="training")
@permission(Action.TRAINING_ENTER)
def overview() -> Any:
    with reading(sessions()) as session:
        counted = session.execute(select(TrainingResult.status, func.count()).group_by(TrainingResult.status))
        counts = {status: count for status, count in counted}  # noqa: C416 (a row is no pair to the type checker)
        latest = session.scalars(
            select(TrainingResult)
            .options(joinedload(TrainingResult.person))
            .order_by(TrainingResult.entered_at.desc(), TrainingResult.id.desc())
            .limit(20)
        ).all()
        return render_template(
            "pages/desk/training.html", counts=counts, latest=latest, titles=_titles(), mark_for=policy().mark_for
        )


@blueprint.get("/training/unmatched", endpoint="unmatched")
@permission(Action.TRAINING_ENTER)
def unmatched() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        query = select(TrainingResult).where(TrainingResult.status == "unmatched")
        page = Order(((TrainingResult.id, int),)).page(session, query, after, lambda row: (row.TrainingResult.id,))
        results = [row.TrainingResult for row in page.rows]
        offered = training_tray.suggestions(session, results)
        rows = [{"result": result, "suggested": offered.get(result.id, ())} for result in results]
        return render_template("pages/desk/unmatched.html", rows=rows, page=pager(page, after), titles=_titles())


@blueprint.route("/training/unmatched/<int:result_id>", methods=["GET", "POST"], endpoint="match")
@permission(Action.TRAINING_ENTER)
def match(result_id: int) -> Any:
    with reading(sessions()) as session:
        result = _result(session, result_id, "unmatched")
        offered = training_tray.suggestions(session, [result]).get(result.id, [])
        form = MatchForm(people={str(person.id): f"{person.name}, {person.email}" for person in offered})
        session.expunge_all()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                person = _chosen(session, form)
                found = training_tray.match(
                    session,
                    result=session.get_one(TrainingResult, result_id),
                    person=person,
                    actor=actor(),
                    now=now(),
                    policy=policy(),
                )
                said = f"{plural(len(found), 'result is', 'results are')} now {person.name}'s. Imports know them."
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(said, "success")
            return redirect(url_for("desk.unmatched"))
    return render_template(
        "pages/desk/match.html",
        result=result,
        form=form,
        offered=offered,
        titles=_titles(),
        refusing=Reason(formdata=None),
    ), 400 if form.errors else 200


@blueprint.get("/training/certificates", endpoint="certificates")
@permission(Action.TRAINING_CONFIRM)
def to_confirm() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        query = (
            select(TrainingResult).options(joinedload(TrainingResult.person)).where(TrainingResult.status == "claimed")
        )
        page = Order(((TrainingResult.id, int),)).page(session, query, after, lambda row: (row.TrainingResult.id,))
        return render_template(
            "pages/desk/certificates.html",
            rows=[row.TrainingResult for row in page.rows],
            page=pager(page, after),
            titles=_titles(),
        )


@blueprint.get("/training/certificates/<int:result_id>", endpoint="certificate")
@permission(Action.TRAINING_CONFIRM)
def certificate(result_id: int) -> Any:
    return _certificate(result_id, Reason(formdata=None), 200)


@blueprint.post("/training/certificates/<int:result_id>/confirm", endpoint="confirm_certificate")
@permission(Action.TRAINING_CONFIRM)
def confirm(result_id: int) -> Any:
    with transaction(sessions()) as session:
        result = _result(session, result_id, "claimed")
        certificates.confirm(session, result=result, actor=actor(), now=now(), policy=policy())
    flash("Confirmed. The result counts from now on.", "success")
    return redirect(url_for("desk.certificates"))


@blueprint.post("/training/<int:result_id>/refuse", endpoint="refuse_result")
@permission(Action.TRAINING_CONFIRM)
def refuse(result_id: int) -> Any:
    form = Reason()
    if not form.validate_on_submit():
        return _certificate(result_id, form, 400)
    with transaction(sessions()) as session:
        result = session.get(TrainingResult, result_id)
        if result is None:
            raise not_found()
        back = "desk.certificates" if result.status == "claimed" else "desk.unmatched"
        certificates.refuse(session, result=result, reason=form.reason.data, actor=actor(), now=now())
    flash("Refused. The reason is on record.", "success")
    return redirect(url_for(back))


@blueprint.get("/training/<int:result_id>/file", endpoint="result_file")
@permission(Action.TRAINING_CONFIRM)
def proof(result_id: int) -> Response:
    """The certificate or proof, always as a download; who looked at it is on record."""
    with transaction(sessions()) as session:
        result = session.get(TrainingResult, result_id)
        file = session.get(StoredFile, result.file_id) if result is not None and result.file_id else None
        if file is None:
            raise not_found()
        content, name, media = uploads.fetched(file.sha256), file.name, file.media_type
        audit.record(
            session, actor=actor(), now=now(), act="training.download", thing=result, said=f"Downloaded {name}."
        )
    return uploads.download(content, media, name)


@blueprint.route("/training/by-hand", methods=["GET", "POST"], endpoint="by_hand")
@permission(Action.TRAINING_ENTER)
def by_hand() -> Any:
    form = HandResult(courses=_titles())
    if not form.is_submitted() and request.args.get("email"):
        form.email.data = request.args["email"]
    if form.validate_on_submit():
        try:
            said = _enter(form)
        except Refused as no:
            form.refuse(no.sentence, {"taken_at": "taken_on"}.get(no.field, no.field))
        else:
            flash(said, "success")
            return redirect(url_for("desk.training"))
    return render_template("pages/desk/by_hand.html", form=form), 400 if form.errors else 200


def _enter(form: HandResult) -> str:
    try:
        score = read_score(form.score.data, form.out_of.data or "")
    except ScoreError as wrong:
        raise bad_input(wrong.sentence, "out_of" if wrong.column == "max_score" else "score") from wrong
    if form.attempt.data and not (form.attempt.data.isdecimal() and 0 < int(form.attempt.data[:5]) < 1000):
        raise bad_input("An attempt is a whole number: 1 for the first.", "attempt")
    taken_on = form.taken_on.data
    if taken_on is None or taken_on > today():
        raise bad_input("The quiz cannot have been taken in the future. Check the date.", "taken_on")
    kept = uploads.taken_in(form.proof.data, "proof")
    written = f"{form.score.data} / {form.out_of.data}" if form.out_of.data else form.score.data
    with transaction(sessions()) as session:
        person = people.by_email(session, form.email.data)
        if person is None:
            raise bad_input(
                "Nobody here has this e-mail address. Search the person on the page of all people.", "email"
            )
        file = attempts.keep_file(session, kept, person=person, actor=actor(), now=now())
        result = training.record_result(
            session,
            person=person,
            course=form.course.data,
            score=score.hundredths,
            score_as_written=written,
            source=form.source.data,
            taken_at=min(attempts.noon(taken_on, policy().zone), now()),
            attempt=int(form.attempt.data) if form.attempt.data else None,
            proof=file,
            note=form.note.data or "",
            actor=actor(),
            now=now(),
            policy=policy(),
        )
        passed = result.score >= policy().mark_for(result.course)
        return f"{person.name}: {result.score / 100:g} %, {'passed' if passed else 'not passed'}. Its proof is kept."


def _certificate(result_id: int, form: Reason, status: int) -> Any:
    with reading(sessions()) as session:
        result = session.scalars(
            select(TrainingResult).options(joinedload(TrainingResult.person)).where(TrainingResult.id == result_id)
        ).one_or_none()
        if result is None:
            raise not_found()
        if result.status == "unmatched":
            offered = training_tray.suggestions(session, [result]).get(result.id, [])
            matching = MatchForm(
                formdata=None, people={str(person.id): f"{person.name}, {person.email}" for person in offered}
            )
            return render_template(
                "pages/desk/match.html", result=result, form=matching, offered=offered, titles=_titles(), refusing=form
            ), status
        file = session.get(StoredFile, result.file_id) if result.file_id else None
        by = session.get(Person, result.entered_by) if result.entered_by else None
        earlier = session.scalars(
            select(TrainingResult)
            .where(
                TrainingResult.person_id == result.person_id,
                TrainingResult.course == result.course,
                TrainingResult.id != result.id,
            )
            .order_by(TrainingResult.taken_at.desc())
        ).all()
        passed = result.score >= policy().mark_for(result.course)
        return render_template(
            "pages/desk/certificate.html",
            result=result,
            file=file,
            by=by,
            earlier=earlier,
            titles=_titles(),
            form=form,
            passed=passed,
        ), status


def _result(session: Session, result_id: int, status: str) -> TrainingResult:
    action = Action.TRAINING_CONFIRM if status == "claimed" else Action.TRAINING_ENTER
    if status == "unmatched":  # nobody's yet, so it is nobody's own either
        found = session.get(TrainingResult, result_id)
        permissions.check(session, actor(), action, found)
    else:
        found = permissions.find(session, actor(), action, TrainingResult, result_id)
    if found is None or found.status != status:
        raise not_found()
    return found


def _chosen(session: Session, form: MatchForm) -> Person:
    if form.email.data:
        found = people.by_email(session, form.email.data)
        if found is None:
            raise bad_input("Nobody here has this e-mail address. Check it, or name the person first.", "email")
        return found
    if not form.person.data:
        raise bad_input("Choose whose result it is, or enter an e-mail address.", "email")
    return session.get_one(Person, int(form.person.data))


def _titles() -> dict[str, str]:
    return {course.id: course.title for course in policy().courses}
