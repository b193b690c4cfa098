"""Asking for access: the form, check answers, sent; for a new person, a known one, or a change of live access."""

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.access_request import ACTS, NewPerson, Work, listed, said
from portal import permissions
from portal.db import reading, transaction
from portal.models import AccessRequest, Agency, Device, Grant, Membership, Person, Project
from portal.refusals import Refused
from portal.services import drafts
from portal.services.people import queueing, requests, roster
from portal.services.people.particulars import PersonFields
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.people.room import blueprint, find, named, step, typed
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import LEAD, Role, Scope

DRAFT = "people.new"


class _Rehearsed(Exception):
    """Ends a rehearsal, so that nothing of it is kept."""


@blueprint.route("/new", methods=["GET", "POST"], endpoint="new")
@permission(Action.ACCESS_REQUEST)
def new() -> Any:
    with reading(sessions()) as session:
        theirs = roster.agencies(session, actor(), Action.ACCESS_REQUEST)
        agency_id = request.values.get("agency", type=int)
        if agency_id is None and len(theirs) != 1:
            return render_template("pages/people/choose_agency.html", agencies=theirs, named=named)
        agency = permissions.find(
            session, actor(), Action.ACCESS_REQUEST, Agency, agency_id if agency_id is not None else theirs[0].id
        )
        kept = (
            {}
            if request.method == "POST" or request.args.get("fresh")
            else drafts.kept(session, person_id=actor().person_id, page=_page(agency))
        )
        form = NewPerson(formdata=MultiDict(kept) if kept else None) if request.method == "GET" else NewPerson()
        _choices(session, form, agency)
        if request.method == "GET" and not kept:
            form.start_on.data = today()
        shown = {
            "form": form,
            "agency": agency,
            "cancel": url_for("people.index"),
            "kept": bool(kept),
            "title": "Ask for access",
        }
        return _answer(shown, form, agency, None, "add")


@blueprint.route("/<int:membership_id>/ask", methods=["GET", "POST"], endpoint="ask_again")
@permission(Action.ACCESS_REQUEST)
def ask_again(membership_id: int) -> Any:
    return _for_member(membership_id, "add", "Ask for access")


@blueprint.route("/<int:membership_id>/change", methods=["GET", "POST"], endpoint="change")
@permission(Action.ACCESS_REQUEST)
def change(membership_id: int) -> Any:
    return _for_member(membership_id, "modify", "Change access")


@blueprint.get("/<int:membership_id>/asked", endpoint="asked")
@permission(Action.MEMBERSHIP_SEE)
def asked(membership_id: int) -> Any:
    """What happens next, after a request was sent."""
    with reading(sessions()) as session:
        membership = find(session, Action.MEMBERSHIP_SEE, membership_id)
        asked_for = session.scalars(
            select(AccessRequest)
            .where(AccessRequest.membership_id == membership.id)
            .order_by(AccessRequest.id.desc())
            .limit(1)
        ).first()
        if asked_for is None:
            return redirect(url_for("people.one", membership_id=membership_id))
        place = queueing.place(session, asked_for, on=today(), policy=policy())
        return render_template(
            "pages/people/asked.html",
            membership=membership,
            about=membership.person,
            agency=membership.agency,
            asked_for=asked_for,
            place=place,
        )


def _for_member(membership_id: int, act: str, title: str) -> Any:
    with reading(sessions()) as session:
        membership = find(session, Action.ACCESS_REQUEST, membership_id)
        agency, person = membership.agency, membership.person
        form = Work()
        _choices(session, form, agency)
        if request.method == "GET":
            _fill(session, form, membership)
        shown = {
            "form": form,
            "agency": agency,
            "cancel": url_for("people.one", membership_id=membership_id),
            "kept": False,
            "title": f"{title}: {person.name}",
            "who": person,
        }
        return _answer(shown, form, agency, membership, act)


def _answer(shown: dict[str, Any], form: Work, agency: Agency, membership: Membership | None, act: str) -> Any:
    shown["may_replace"] = "replaces" in form
    if request.method == "GET" or step() == "change":
        return render_template("pages/people/ask.html", **shown)
    if not form.validate():
        return render_template("pages/people/ask.html", **shown), 400
    sending = step() == "send"
    try:
        request_id = _submit(form, agency.id, membership.id if membership else None, act, keep=sending)
    except Refused as no:
        form.refuse(no.sentence, {"device": "device_id"}.get(no.field, no.field))
        return render_template("pages/people/ask.html", **shown), 400
    if sending:
        return redirect(url_for("people.asked", membership_id=request_id))
    with transaction(sessions()) as session:
        if membership is None and actor().person_id is not None:
            drafts.keep(session, person_id=actor().person_id or 0, page=_page(agency), fields=_lists(), now=now())
    return render_template(
        "pages/people/check.html", rows=_to_check(form, agency, shown.get("who")), hidden=typed(), **shown
    )


def _submit(form: Work, agency_id: int, membership_id: int | None, act: str, *, keep: bool) -> int:
    """Sends the request, or rehearses it, so that every refusal shows before the check page. The membership's id."""
    found = 0
    try:
        with transaction(sessions()) as session:
            agency = permissions.find(session, actor(), Action.ACCESS_REQUEST, Agency, agency_id)
            more: dict[str, Any] = {"act": act}
            if membership_id is not None:
                more["membership"] = find(session, Action.ACCESS_REQUEST, membership_id)
            elif isinstance(form, NewPerson):
                more |= _new(session, form)
            made = requests.submit(
                session,
                agency=agency,
                work=_work(session, form),
                instruction=form.instruction.data or "",
                actor=actor(),
                now=now(),
                policy=policy(),
                **more,
            )
            found = made.membership_id
            if keep:
                drafts.drop(session, person_id=actor().person_id or 0, page=_page(agency))
            else:
                raise _Rehearsed
    except _Rehearsed:
        pass
    return found


def _new(session: Session, form: NewPerson) -> dict[str, Any]:
    person = PersonFields(
        first_name=form.first_name.data or "",
        last_name=form.last_name.data or "",
        email=form.email.data or "",
        phone=form.phone.data or "",
        title=form.title.data or "",
        free_mail_ok=bool(form.free_mail_ok.data),
    )
    if "act" not in form or form.act.data != "replace":
        return {"person": person}
    return {
        "person": person,
        "act": "replace",
        "replaces": find(session, Action.PERSON_DEACTIVATE, form.replaces.data),
        "replaced_last_day": form.replaced_last_day.data,
    }


def _work(session: Session, form: Work) -> requests.Work:
    return requests.Work(
        purpose=form.purpose.data or "",
        access_level=form.access_level.data,
        start_on=form.start_on.data,
        worker=form.worker.data,
        project_ids=form.project_ids.data or (),
        device=session.get(Device, form.device_id.data) if form.device_id.data else None,
        supervisor=form.supervisor.data or "",
    )


def _choices(session: Session, form: Work, agency: Agency) -> None:
    running = select(Project).where(
        Project.agency_id == agency.id, (Project.ends_on.is_(None)) | (Project.ends_on >= today())
    )
    form.project_ids.choices = listed((p.id, p.name) for p in session.scalars(running.order_by(Project.name)))
    form.access_level.choices = listed([("", "Choose"), *((level.id, level.title) for level in _levels(agency, form))])
    devices = session.scalars(select(Device).where(Device.agency_id == agency.id).order_by(Device.label))
    form.device_id.choices = listed([(0, "Not known yet"), *((d.id, d.label) for d in devices)])
    if agency.id == LEAD or agency.id in actor().at(Role.AGENCY_ADMIN) | actor().at(
        Role.EXECUTIVE_DIRECTOR
    ) | actor().let(Scope.REQUEST_ACCESS):
        del form.instruction
        form.instruction = _Empty()
    if isinstance(form, NewPerson):
        _who_may_leave(session, form, agency)


def _who_may_leave(session: Session, form: NewPerson, agency: Agency) -> None:
    """Whoever has access and could be replaced; where nobody has, the question is not asked."""
    here = (
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .join(Grant, (Grant.membership_id == Membership.id) & (Grant.status != "ended"))
        .where(Membership.agency_id == agency.id, Person.id != actor().person_id)
        .order_by(Person.last_name, Person.first_name)
    )
    found = [(m.id, p.name) for m, p in session.execute(here)]
    form.replaces.choices = listed([(0, "Choose"), *found])
    if not found:
        del form.act, form.replaces, form.replaced_last_day


class _Empty:
    """Stands for the field that this actor is not asked for."""

    data = ""


def _levels(agency: Agency, form: Work) -> Sequence[Any]:
    """The Lead's own levels for its own staff; an administrator's level where somebody known may hold the office."""
    if agency.id == LEAD:
        return policy().access_levels
    return [
        level
        for level in policy().access_levels
        if not level.lead_only and not (level.administers and isinstance(form, NewPerson))
    ]


def _fill(session: Session, form: Work, membership: Membership) -> None:
    """What was asked for last time, to start from."""
    last = session.scalars(
        select(AccessRequest)
        .where(AccessRequest.membership_id == membership.id)
        .order_by(AccessRequest.id.desc())
        .limit(1)
    ).first()
    form.start_on.data = today()
    if last is None:
        return
    form.purpose.data, form.worker.data, form.supervisor.data = last.purpose, last.worker, last.supervisor
    form.access_level.data, form.project_ids.data, form.device_id.data = (
        last.access_level,
        list(last.project_ids),
        last.device_id or 0,
    )


def _to_check(form: Work, agency: Agency, who: Person | None) -> list[dict[str, Any]]:
    chosen = {key: said(form[key]) for key in ("project_ids", "access_level", "device_id", "worker")}
    rows: list[tuple[str, Any]] = [("Agency", agency.name)]
    if isinstance(form, NewPerson):
        rows += [
            ("Name", f"{form.first_name.data} {form.last_name.data}"),
            ("E-mail address", form.email.data),
            ("Telephone", form.phone.data),
        ]
        rows.append(("Job title or role", form.title.data))
        if "act" in form:
            rows.append(("This is", dict(ACTS)[form.act.data]))
        if "act" in form and form.act.data == "replace":
            leaver = said(form.replaces)[form.replaces.data]
            day = form.replaced_last_day.data
            rows.append(
                (
                    "Who leaves",
                    f"{leaver}: access ends {'at the end of ' + us_date(day) if day else 'when you send this'}",
                )
            )
    elif who is not None:
        rows += [("Name", who.name), ("E-mail address", who.email)]
    rows += [
        ("Purpose", form.purpose.data),
        ("Projects", [chosen["project_ids"][each] for each in form.project_ids.data or ()]),
        ("Staff, volunteer or contractor", chosen["worker"][form.worker.data]),
        ("Supervisor", form.supervisor.data),
        ("First day", us_date(form.start_on.data) if form.start_on.data else ""),
        ("Access level", chosen["access_level"][form.access_level.data]),
        ("Device", chosen["device_id"][form.device_id.data]),
    ]
    if form.instruction.data:
        rows.append(("The director's instruction", form.instruction.data))
    return [{"key": key, "value": value} for key, value in rows]


def _page(agency: Agency) -> str:
    return f"{DRAFT}:{agency.id}"


def _lists() -> dict[str, list[str]]:
    return {name: values for name, values in request.form.lists() if name not in {"csrf_token", "step"}}
