"""The message itself: subject, text and HTML from the templates, with what every mail shows around its text."""

import hashlib
import re
from email.utils import parseaddr
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.adapters.mail import Message
from portal.config import ROOT
from portal.effects.mails.kinds import Facts
from portal.jobs import Job
from portal.models import (
    Person,
)
from portal.wiring import Context
from workflows.business_time import us_date

PRODUCT = "HMIS Access Portal"


def frame(context: Context, action_label: str, action_href: str) -> Facts:
    """What every mail shows around its text."""
    name, address = parseaddr(context.settings.mail_from)
    opens, closes = (
        f"{at.hour % 12 or 12}:{at.minute:02} {'a.m.' if at.hour < 12 else 'p.m.'}"
        for at in (context.policy.hours.opens, context.policy.hours.closes)
    )
    helping = {
        "name": name or "HMIS help desk",
        "hours": f"Monday to Friday, {opens} to {closes} Eastern",
        "mail": address,
        "phone": "",
    }
    return {
        "product": PRODUCT, "lead_name": context.policy.lead, "help": helping, "action_label": action_label, "action_href": action_href,
        "base_url": context.settings.base_url, "policy": context.policy,
    }  # fmt: skip


def render(name: str, facts: Facts, job: Job, context: Context) -> Message:
    """The message of that name: subject in one line, text and HTML; a template that asks for what is not there is an error."""
    subject = " ".join(_environment().get_template(f"mail/{name}/subject.txt").render(facts).split())
    text = _environment().get_template(f"mail/{name}/body.txt").render(facts, subject=subject)
    html = _environment().get_template(f"mail/{name}/body.html").render(facts, subject=subject)
    to: Person | None = facts["to"]
    mark = hashlib.sha256(f"{job.key} {job.enqueued_at.isoformat()}".encode()).hexdigest()[:12]
    return Message(
        id=f"{name}.{job.id}.{mark}", sender=context.settings.mail_from, to_name=to.name if to else facts.get("to_name") or facts["help"]["name"],
        to_email=facts.get("to_email") or (to.email if to else facts["help"]["mail"]), subject=subject, text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html=html,
        sent_at=job.enqueued_at, attachments=facts["attachments"],
    )  # fmt: skip


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["us_date"] = us_date
    return made
