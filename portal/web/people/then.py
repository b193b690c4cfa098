"""The time machine's page: what held on a day, what was known, what was decided, and the paper about it."""

from datetime import UTC
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms import then as forms
from portal import permissions
from portal.adapters.pdf.authorization import authorization
from portal.db import reading, transaction
from portal.models import Membership
from portal.refusals import Refused
from portal.services.people import life, paper_then, time_machine, verdict
from portal.services.people.time_machine import Known, Question, Then
from portal.web.components import us_date
from portal.web.kernel import actor, context, now, permission, policy, sessions, today
from portal.web.people.room import blueprint, find, may
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.findings import Finding, Status

F = TypeVar("F", bound=forms.Then)
TONES = {"live": "good", "met": "good", "waived": "info", "asked": "wait", "suspended": "stop", "unmet": "stop"}
STATUSES = {
    "live": "active", "suspended": "suspended", "asked": "waiting", "ended": "ended", "none": "not_started",
}  # fmt: skip
ANSWERS = {verdict.YES: "success", verdict.PART: "warning", verdict.NO: "error", verdict.AHEAD: "info"}


def question_of(form: forms.Then) -> Question:
    """What a valid form asks; the moment is in the Lead's time there, and naive UTC from here on."""
    at = form.at.data
    known = Known(form.known.data)
    if at is None or known is not Known.MOMENT:
        return Question(form.day.data, known)
    local = at.replace(tzinfo=ZoneInfo(policy().zone))
    return Question(form.day.data, known, local.astimezone(UTC).replace(tzinfo=None))


def asked(form_class: type[F]) -> F:
    """The form as the address fills it in: today, as known that day, where it says nothing."""
    given = MultiDict(request.args)
    if not given.get("day"):
        given["day"] = today().isoformat()
    if not given.get("known"):
        given["known"] = Known.THEN.value
    return form_class(given)


def address_of(form: forms.Then) -> dict[str, Any]:
    """What a valid form asks, as the arguments of an address."""
    moment = form.at.data.strftime("%Y-%m-%dT%H:%M") if form.at.data and form.known.data == "moment" else None
    return {"day": form.day.data.isoformat(), "known": form.known.data, "at": moment}


@blueprint.get("/<int:membership_id>/then", endpoint="then")
@permission(Action.STANDING_SEE)
def then(membership_id: int) -> Any:
    form = asked(forms.Then)
    with reading(sessions()) as session:
        membership = find(session, Action.STANDING_SEE, membership_id)
        answer = _answer(session, membership, form)
        shown = {"form": form, "membership": membership, "about": membership.person, "agency": membership.agency}
        shown["own"] = membership.person_id == actor().person_id
        if answer is None:
            return render_template("pages/people/then.html", answer=None, **shown), 400
        return render_template("pages/people/then.html", **shown, **_shown(session, membership, answer, form))


@blueprint.get("/<int:membership_id>/then.pdf", endpoint="then_pdf")
@permission(Action.STANDING_CERTIFY)
def then_pdf(membership_id: int) -> Any:
    form = asked(forms.Then)
    with transaction(sessions()) as session:
        membership = find(session, Action.STANDING_CERTIFY, membership_id)
        answer = _answer(session, membership, form)
        if answer is None:
            shown = {"form": form, "membership": membership, "about": membership.person, "agency": membership.agency}
            own = membership.person_id == actor().person_id
            return render_template("pages/people/then.html", answer=None, own=own, **shown), 400
        mark = "Made-up people: demonstration" if context().settings.demo else ""
        paper = paper_then.take(session, answer, membership, actor=actor(), now=now(), policy=policy(), mark=mark)
        name = paper_then.file_name(answer, membership.person)
    return Response(
        authorization(paper),
        mimetype="application/pdf",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def _answer(session: Session, membership: Membership, form: forms.Then) -> Then | None:
    """The answer; None where the form is wrong, which it then says itself."""
    if not form.validate():
        return None
    try:
        return time_machine.ask(
            session, membership=membership, question=question_of(form), actor=actor(), now=now(), policy=policy()
        )
    except Refused as no:
        form.refuse(no.sentence, no.field)
        return None


def _shown(session: Session, membership: Membership, answer: Then, form: forms.Then) -> dict[str, Any]:
    names = paper_then.names_of(membership, policy())
    said = verdict.verdict(answer, names)
    until = max(today(), answer.day) if answer.ahead else today()
    strip = life.life(
        session,
        membership,
        answer.history,
        until=until,
        known_at=answer.known_at,
        now=now(),
        policy=answer.pack.policy,
    )
    applies = [f for f in answer.said.findings if f.status is not Status.NOT_APPLICABLE]
    address = address_of(form)
    return {
        "answer": answer,
        "said": said,
        "tone": ANSWERS[said.answer],
        "known_words": paper_then.known_words(answer, names.zone_name),
        "facts": _rows(paper_then.facts(answer, names, membership.person.email)),
        "proof": _rows(paper_then.proof(answer, names.zone_name)),
        "unmet": answer.said.unmet,
        "held": [_held(f, answer) for f in applies if f.status is not Status.UNMET],
        "aside": [f for f in answer.said.findings if f.status is Status.NOT_APPLICABLE],
        "today_differs": _differs(answer),
        "spells": [_spell(spell, answer.zone) for spell in answer.history.spells],
        "days": _days(session, membership, answer),
        "strip": _strip(strip, answer),
        "life_first": strip.first,
        "life_last": strip.last,
        "life_cut": strip.cut,
        "periods": _periods(strip),
        "paper": url_for("people.then_pdf", membership_id=membership.id, **address)
        if may(session, Action.STANDING_CERTIFY, membership)
        else None,
        "everybody": url_for("agency.then", agency_id=membership.agency_id, **address)
        if permissions.allows(session, actor(), Action.STANDING_CERTIFY, membership.agency)
        else None,
    }


def _rows(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"key": label, "value": value} for label, value in pairs]


def _held(finding: Finding, answer: Then) -> dict[str, Any]:
    return {
        "what": finding.title,
        "status": {"status": finding.status.value},
        "days": paper_then.dates(finding, answer),
    }


def _differs(answer: Then) -> list[dict[str, Any]]:
    """Under today's pack: the prerequisites that would stand otherwise, new ones included."""
    if answer.said_today is None:
        return []
    before = {finding.id: finding.status for finding in answer.said.findings}
    return [
        {
            "what": finding.title,
            "then": {"status": before[finding.id].value} if finding.id in before else "Not asked then",
            "today": {"status": finding.status.value},
        }
        for finding in answer.said_today.findings
        if before.get(finding.id) is not finding.status
    ]


def _spell(spell: Any, zone: str) -> dict[str, Any]:
    return {
        "state": {"status": STATUSES[spell.status], "text": paper_then.STATES[spell.status]},
        "since": {"moment": spell.since},
        "until": {"moment": spell.until} if spell.until else "Still so",
        "why": spell.why,
        "day": local_day(spell.since, zone),
    }


def _days(session: Session, membership: Membership, answer: Then) -> list[tuple[str, str]]:
    """Quick links: today, and every day on which something was done."""
    found = time_machine.days_worth_asking(session, membership, answer.history, zone=answer.zone)
    links = [(f"{us_date(day)}: {what.lower()}", day.isoformat()) for day, what in found]
    return [("Today", today().isoformat()), *links]


def _strip(strip: life.Life, answer: Then) -> list[dict[str, Any]]:
    mark = life.Stretch("", answer.day, answer.day)
    at = strip.place(mark)[0] if strip.first <= answer.day <= strip.last else None
    rows = []
    for row in (strip.access, *strip.prerequisites):
        if all(stretch.status == Status.NOT_APPLICABLE for stretch in row.stretches):
            continue
        bars = [
            {"x": x, "width": width, "tone": TONES.get(stretch.status, "none")}
            for stretch in row.stretches
            for x, width in [strip.place(stretch)]
        ]
        rows.append({"label": row.title, "bars": bars, "mark": at})
    return rows


def _periods(strip: life.Life) -> list[dict[str, Any]]:
    """The table behind the picture: whatever changed at all, period by period."""
    words = {**paper_then.STATES, **{status.value: text for status, text in paper_then.STATUS.items()}}
    return [
        {
            "what": row.title,
            "status": {"status": STATUSES.get(stretch.status, stretch.status), "text": words[stretch.status]},
            "first": {"day": stretch.first},
            "last": {"day": stretch.last},
        }
        for row in (strip.access, *strip.prerequisites)
        if len(row.stretches) > 1 or row is strip.access
        for stretch in row.stretches
    ]
