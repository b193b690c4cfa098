"""What the layout shows around every page: the menu by role, who is signed in, who can help."""

from email.utils import parseaddr
from typing import Any

from flask import Flask, request, url_for
from flask_login import current_user

from portal.web import banner, kernel
from portal.web.role_names import ROLE_NAMES
from portal.web.security.index import any_room
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Role

OFFICES = {Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER}


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(may=kernel.may, may_open=kernel.may_open)

    @app.context_processor
    def surroundings() -> dict[str, Any]:
        policy = kernel.policy()
        around: dict[str, Any] = {
            "lead_name": policy.lead,
            "home_href": "/",
            "help": {
                "name": "HMIS help desk",
                "hours": hours_said(policy),
                "mail": parseaddr(kernel.context().settings.mail_from)[1],
            },
            "demo": kernel.context().settings.demo,
            "now": kernel.now(),
            "today": kernel.today(),
            **banner.notices(),
            "footer_links": [
                {"label": "Report an incident", "href": url_for("report.new")},
                {"label": "Knowledge base", "href": url_for("knowledge.index")},
                {"label": "Outages", "href": url_for("outages.index")},
                {"label": "Your say", "href": url_for("feedback.index")},
            ],
        }
        if current_user and current_user.is_authenticated:
            around |= {
                "person": {"name": current_user.person.name, "role": role_named(), "href": url_for("home.me")},
                "help": around["help"] | {"href": url_for("help.index")},
                "sign_out_href": url_for("account.sign_out"),
                "footer_links": [
                    *around["footer_links"],
                    {"label": "My reports", "href": url_for("report.mine")},
                    {"label": "Who may do what", "href": url_for("roles.index")},
                    {"label": "Plans and policies", "href": url_for("library.index")},
                ],
                "idle_seconds": policy.sign_in.idle_minutes * 60,
                "navigation": [] if current_user.detained else menu(),
                "go": None if current_user.detained else {"page": url_for("go.index"), "words": url_for("go.words")},
            }
        else:
            around["sign_in_href"] = url_for("account.sign_in")
            around["footer_links"].append({"label": "Plans and policies", "href": url_for("library.index")})
        return around


def hours_said(policy: Policy) -> str:
    """The help desk's hours in words: 'Monday to Friday, 8:00 a.m. to 4:00 p.m. Eastern'."""
    opens, closes = (
        f"{at.hour % 12 or 12}:{at.minute:02} {'a.m.' if at.hour < 12 else 'p.m.'}"
        for at in (policy.hours.opens, policy.hours.closes)
    )
    return f"Monday to Friday, {opens} to {closes} Eastern"


def role_named() -> str:
    """The person's first role in the order of weight, in words."""
    held = {role for _, role in kernel.actor().roles}
    return next((name for role, name in ROLE_NAMES.items() if role in held), "")


def menu() -> list[dict[str, Any]]:
    """The places this person has business in, each once; none that would not open."""
    roles = kernel.actor().roles
    items = [("Home", "home.index"), ("My access", "home.me")]
    if kernel.actor().delegated or any(agency != LEAD and role in OFFICES for agency, role in roles):
        items += [("Agency", "agency.index"), ("People", "people.index")]
    if kernel.actor().at(Role.AGENCY_ADMIN) - {LEAD} and kernel.policy().work_orders.confirmed_by == "agency_admin":
        items += [("Work orders", "orders.index")]
    if kernel.actor().lead_roles:
        items += [
            ("Desk", "desk.index"),
            ("Tickets", "tickets.index"),
            ("Agencies", "agency.index"),
            ("People", "people.index"),
            ("Work orders", "orders.index"),
        ]
    if any_room():
        items += [("Security", "security.index")]
    if any(agency == LEAD for agency, _ in roles):
        items += [("Overview", "board.index")]
    items += [("Help", "help.index"), ("Report an incident", "report.new")]
    seen = dict.fromkeys(items)
    kernel.look_up(endpoint for _, endpoint in seen)
    return [
        {"label": label, "href": url_for(endpoint), "current": _is_here(endpoint)}
        for label, endpoint in seen
        if kernel.may_open(endpoint)
    ]


def _is_here(endpoint: str) -> bool:
    if endpoint in {"home.index", "home.me"}:
        return request.endpoint == endpoint
    return (request.blueprint or "") == endpoint.split(".", maxsplit=1)[0]
