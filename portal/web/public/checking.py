"""Verification of an executed document by its number and fingerprint: yes or no and the day, nothing else (X5)."""

import hmac
import re
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from forms.helpdesk.checking import Check
from portal.adapters import pdf
from portal.db import reading, transaction
from portal.effects.executed_copy import facts_of
from portal.permissions import LARGEST_ID
from portal.refusals import Refused
from portal.services.paperwork import checking
from portal.web import kernel
from portal.web.kernel import now, policy, public, sessions, status_of
from portal.web.public.room import blueprint
from workflows.business_time import local_day, us_date


@blueprint.get("/verify", endpoint="verify")
@public("whoever holds a copy may ask whether it is genuine; neither Agency nor person is named")
def verify() -> Any:
    """Asked in the address, so that it needs no cookie; how often is counted by network."""
    form, answer, status = Check(request.args), None, 200
    if request.args:
        if form.validate():
            number = int((re.search(r"\d+", form.number.data or "") or ["0"])[0])
            sha256 = "".join((form.sha256.data or "").split()).lower()
            try:
                with transaction(sessions()) as session:
                    checking.take_turn(session, kernel.address(), now=now())
            except Refused as no:
                form.refuse(no.sentence)
                status = 429
            else:
                with reading(sessions()) as session:
                    answer = _executed_on(session, number, sha256)
        status = max(status, status_of(form))
    return render_template("pages/public/verify.html", form=form, answer=answer), status


def _executed_on(session: Session, number: int, sha256: str) -> str:
    """The day on which the document of this number and fingerprint was executed; 'no' where there is none."""
    document = checking.executed(session, number) if number <= LARGEST_ID else None
    if document is None or document.executed_at is None:
        return "no"
    if not checking.is_copy(session, document, sha256):
        copy = facts_of(session, document, policy())
        if copy is None:
            return "no"
        printed = pdf.content_sha256(copy.text, copy.fields, copy.blocks)
        if not hmac.compare_digest(printed, sha256):
            return "no"
    return us_date(local_day(document.executed_at, policy().zone))
