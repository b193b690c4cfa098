"""The page that shows what fits, and the same for the dialog; a number with its letters leads straight there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for

from portal.db import reading
from portal.services.going import finding
from portal.services.going.hits import Group, Hit
from portal.services.searching import COUNTED
from portal.web.components import plural
from portal.web.go import pages
from portal.web.go.room import blueprint
from portal.web.kernel import actor, may_open, now, permission, policy, sessions
from workflows.actions import Action
from workflows.going import MOST, Asked, best_first, read


@dataclass(frozen=True, slots=True)
class Noun:
    """How a noun is called, the page of one of them, and the list that has them all (with what its address says besides)."""

    title: str
    many: str
    endpoint: str
    argument: str
    list_endpoint: str = ""
    showing: Mapping[str, Any] | None = None


ALL = {"show": "all"}
NOUNS: Mapping[str, Noun] = {
    "person": Noun("People", "people", "people.one", "membership_id", "people.index"),
    "left": Noun("People who have left", "people who have left", "people.one", "membership_id", "people.index", {"standing": "left"}),
    "agency": Noun("Agencies", "Agencies", "agency.show", "agency_id", "agency.index"),
    "ticket": Noun("Tickets", "tickets", "tickets.one", "ticket_id", "tickets.index", ALL),
    "question": Noun("Questions", "questions", "help.one", "ticket_id", "help.index"),
    "order": Noun("Work orders", "work orders", "orders.show", "order_id"),
    "incident": Noun("Incidents", "incidents", "security.incident", "incident_id", "security.incidents", ALL),
    "complaint": Noun("Complaints", "complaints", "security.complaint", "incident_id", "security.complaints", ALL),
    "corrective": Noun("Corrective actions", "corrective actions", "security.action", "action_id", "security.actions", ALL),
    "service": Noun("Service requests", "service requests", "service_requests.one", "request_id", "service_requests.index", ALL),
    "outage": Noun("Outages", "outages", "outages.one", "number", "outages.history"),
    "article": Noun("Articles", "articles", "knowledge.article", "article_id", "knowledge.index"),
    "draft": Noun("Articles in the making", "articles in the making", "knowledge.manage_one", "article_id", "knowledge.manage", {"show": "draft"}),
}  # fmt: skip


@blueprint.get("/go", endpoint="index")
@permission(Action.HOME_SEE)
def index() -> Any:
    asked, typed = read(request.args.get("q", "")), "q" in request.args
    groups = _found(asked)
    if (straight := finding.numbered(asked, groups)) is not None:
        return redirect(_address(straight))
    shown = _shown(asked, groups)
    return render_template(
        "pages/go/index.html",
        asked=asked,
        groups=shown,
        said=_said(asked, shown) if typed else "",
    )


@blueprint.get("/go.json", endpoint="words")
@permission(Action.HOME_SEE)
def words() -> Any:
    """The same for the dialog; `q` says back what it answers, since answers may come in another order."""
    typed = request.args.get("q", "")
    asked = read(typed)
    shown = _shown(asked, _found(asked))
    return jsonify({"q": typed, "said": _said(asked, shown), "groups": shown})


def _found(asked: Asked) -> list[Group]:
    with reading(sessions()) as session:
        found = finding.find(session, asked, actor=actor(), now=now(), policy=policy())
        session.expunge_all()
    return found


def _shown(asked: Asked, groups: list[Group]) -> list[dict[str, Any]]:
    """What was found as titles and addresses, pages first where they fit as well as anything else."""
    places = pages.find(asked, limit=finding.FEW)
    everything = [(group.fit, _group(asked, group)) for group in groups]
    if places:
        rows = [{"title": each.title, "where": each.where, "href": each.href} for each in places[: finding.FEW]]
        everything.insert(0, (min(each.fit for each in places), {"title": "Pages", "hits": rows, "more": None}))
    return best_first(everything)


def _group(asked: Asked, group: Group) -> dict[str, Any]:
    noun = NOUNS[group.noun]
    rows = [{"title": each.title, "where": each.where, "href": _address(each)} for each in group.hits]
    return {"title": noun.title, "hits": rows, "more": _more(asked, group, noun)}


def _more(asked: Asked, group: Group, noun: Noun) -> dict[str, str] | None:
    """The noun's own list with the same words, where it has more than is shown."""
    searchable = bool(noun.list_endpoint) and (group.noun != "agency" or bool(actor().lead_roles))
    if not group.more or not searchable or not may_open(noun.list_endpoint):
        return None
    number = "All" if group.total is None else f"All {group.total:,}"
    number = f"More than {COUNTED:,}" if group.total is not None and group.total > COUNTED else number
    said = f"{number} {noun.many}" if group.total is not None else f"All {noun.many} that fit"
    return {"title": said, "href": url_for(noun.list_endpoint, q=asked.text, **(noun.showing or {}))}


def _address(hit: Hit) -> str:
    noun = NOUNS[hit.noun]
    where: dict[str, Any] = {noun.argument: hit.id}
    return url_for(noun.endpoint, **where)


def _said(asked: Asked, shown: list[dict[str, Any]]) -> str:
    """In a sentence what came of it."""
    cut = f" Only the first {MOST} letters were looked for." if asked.cut else ""
    if not asked.says_enough:
        return "Type at least two letters of a name or a word, or a number."
    if not shown:
        return f"No {_nouns()} that you may see fits “{asked.text}”. Try fewer letters, or another word for it.{cut}"
    number = sum(len(group["hits"]) for group in shown)
    more = " There is more in the lists." if any(group["more"] for group in shown) else ""
    return f"{plural(number, 'result')} for “{asked.text}”.{more}{cut}"


def _nouns() -> str:
    """What whoever asks can find, as far as their role reaches."""
    return "person, Agency, ticket or page" if may_open("agency.index") else "person, question or page"
