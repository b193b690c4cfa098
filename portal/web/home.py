"""The first page, 'What waits for me', and 'My access': one's own papers, courses, password and standing."""

import re
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_login import current_user

from forms.access_request import listed
from forms.people import Certificate
from forms.sign_in import Nothing
from portal.db import reading, transaction
from portal.models import Person
from portal.refusals import Refused
from portal.services.home import home as waits
from portal.services.home import my_access
from portal.services.home.tasks import Task
from portal.services.paperwork import KINDS
from portal.services.people import certificates, handover
from portal.web.kernel import actor, keys, now, permission, policy, sessions
from portal.web.people.room import arranged, there
from portal.web.uploads import taken_in
from workflows.actions import Action
from workflows.vocabulary import Reason

blueprint = Blueprint("home", __name__)
DESK = {
    "documents": "desk.documents",
    "countersign": "desk.documents",
    "certificates": "desk.certificates",
    "unmatched": "desk.unmatched",
    "enrolments": "desk.enrolments",
    "licences": "desk.licences",
    "configurations": "desk.configurations",
    "jobs": "desk.jobs",
    "in_force": "desk.versions",
    "pack": "desk.policy",
    "brake": "desk.brake",
    "record": "desk.audit",
    "lapses": "desk.lapses",
    "core_hmis": "desk.core_hmis",
    "sign_in": "desk.sign_in",
    "waivers": "waivers.index",
    "inherited": "day_one.inherited",
    "scans": "day_one.scans",
    "sanctions": "security.sanctions",
    "sanctions_drafted": "security.sanctions",
    "sanctions_appealed": "security.sanctions",
}

SHOWING = {
    "documents": {"show": "verify"},
    "countersign": {"show": "countersign"},
    "sanctions_drafted": {"show": "drafted"},
    "sanctions_appealed": {"show": "appealed"},
}


@blueprint.get("/", endpoint="index")
def index() -> Any:
    """Whoever is not signed in gets the public start page where there is one."""
    if not current_user.is_authenticated:
        return redirect(there("public.index") or url_for("account.sign_in"))
    return _home()


index.__permission__ = "public: shows nothing to whoever is not signed in"  # type: ignore[attr-defined]


@permission(Action.HOME_SEE)
def _home() -> Any:
    with reading(sessions()) as session:
        found = waits.waiting(session, actor=actor(), now=now(), policy=policy())
    return render_template(
        "pages/home/index.html",
        mine=[_item(t) for t in found.mine],
        others=[_item(t) for t in found.others],
        soon=[_item(t) for t in found.soon],
        notices=found.notices,
    )


def _item(task: Task) -> dict[str, Any]:
    return {
        "title": task.title,
        "status": task.status,
        "href": _href(task),
        "hint": task.hint,
        "since": task.since,
        "due": task.due,
        "who_holds": task.who or None,
    }


def _href(task: Task) -> str | None:
    """Where a task is done; None where that room is not there."""
    what, _, which = task.kind.partition(":")
    if what == "at":
        return which
    if what == "desk":
        return there(DESK[which], **SHOWING.get(which, {})) or there("desk.index")
    if what == "form":
        page = {"information_form": "information", "housing_inventory": "inventory"}[which]
        return there("agency.form", agency_id=task.id, which=page) or there("agency.show", agency_id=task.id)
    addresses = {
        "sign": lambda: url_for("home.me", _anchor="to-sign"),
        "sign_for_agency": lambda: there("documents.show", document_id=task.id),
        "course": lambda: url_for("home.me", _anchor="courses"),
        "password": lambda: url_for("home.me", _anchor="password"),
        "me": lambda: url_for("home.me"),
        "person": lambda: url_for("people.one", membership_id=task.id),
        "agency": lambda: there("agency.show", agency_id=task.id),
        "device": lambda: there("agency.devices", agency_id=task.id),
        "orders": lambda: there("orders.index"),
        "sanction": lambda: there("security.sanction", sanction_id=task.id),
    }
    return addresses[what]()


@blueprint.get("/me", endpoint="me")
@permission(Action.HOME_SEE)
def me() -> Any:
    with reading(sessions()) as session:
        person = session.get_one(Person, actor().person_id)
        found = my_access.of(session, person=person, actor=actor(), now=now(), policy=policy())
        places = [{"at": each, "why": arranged(each.view, each.membership)} for each in found.places]
        papers = [
            {"document": d, "title": KINDS[d.kind].title, "href": there("documents.executed", document_id=d.id)}
            for d in found.executed
        ]
        return render_template(
            "pages/home/me.html",
            about=person,
            found=found,
            places=places,
            papers=papers,
            titles={k: v.title for k, v in KINDS.items()},
            courses={course.id: course.title for course in policy().courses},
        )


@blueprint.post("/me/password", endpoint="password")
@permission(Action.PASSWORD_REVEAL)
def password() -> Any:
    """Shown in the answer to this POST and never again: reloading asks to send it again and is refused."""
    if not Nothing().validate_on_submit():
        return redirect(url_for("home.me"))
    try:
        with transaction(sessions()) as session:
            person = session.get_one(Person, actor().person_id)
            shown = handover.reveal(session, person=person, actor=actor(), now=now(), keys=keys())
            user_id = my_access.user_id(session, person.id)
    except Refused as no:
        if no.reason == Reason.NOT_ALLOWED:
            raise
        flash(no.sentence, "warning")
        return redirect(url_for("home.me"))
    answer = Response(render_template("pages/home/password.html", password=shown, user_id=user_id))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/me/certificate", methods=["GET", "POST"], endpoint="certificate")
@permission(Action.TRAINING_CLAIM)
def certificate() -> Any:
    form = Certificate()
    form.course.choices = listed([("", "Choose"), *((course.id, course.title) for course in policy().courses)])
    if form.validate_on_submit():
        try:
            _claim(form)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("The certificate is with the help desk. The result counts once they have confirmed it.", "success")
            return redirect(url_for("home.me", _anchor="courses"))
    return render_template("pages/home/certificate.html", form=form), 400 if form.errors or form.form_errors else 200


def _claim(form: Certificate) -> None:
    written = form.score.data or ""
    score = int(Decimal(re.sub(r"[\s%]", "", written).replace(",", ".")) * 100)
    scan = taken_in(form.file.data, "file")
    with transaction(sessions()) as session:
        person = session.get_one(Person, actor().person_id)
        certificates.claim(
            session,
            person=person,
            course=form.course.data,
            score=score,
            score_as_written=written,
            taken_on=form.taken_on.data,
            file=scan,
            actor=actor(),
            now=now(),
            policy=policy(),
        )
