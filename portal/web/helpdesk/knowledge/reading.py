"""The knowledge base as everybody reads it: looked for, shelf by shelf, one article, and whether it helped."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import Session

from forms.helpdesk.knowledge import Find, Helped
from portal.adapters.markdown import to_html
from portal.db import reading, transaction
from portal.refusals import Refused
from portal.services.helpdesk.knowledge import reading as knowledge
from portal.services.helpdesk.knowledge import searching
from portal.web import kernel
from portal.web.helpdesk.knowledge.room import blueprint
from portal.web.helpdesk.knowledge.tally import opened
from portal.web.kernel import actor, keys, now, policy, public, sessions, status_of
from workflows.vocabulary import Reason

MOST_FOUND = 20
FOR_EVERYBODY = "articles for everybody are open; the others are found by whoever has signed in"


@blueprint.get("", endpoint="index")
@public(FOR_EVERYBODY)
def index() -> Any:
    form, front = Find(request.args), policy().front
    words, topic = (form.q.data or "").strip()[:200], request.args.get("topic", "")[:40]
    with reading(sessions()) as session:
        shelves = knowledge.shelves(session, actor(), policy())
        found = searching.suggest(session, actor(), words, MOST_FOUND, policy=policy()) if words else []
        shown = knowledge.on_shelf(session, actor(), topic) if topic in shelves and not words else []
        often = knowledge.often_read(session, actor()) if not words and not shown else []
        session.expunge_all()
    return render_template(
        "pages/helpdesk/knowledge/index.html",
        form=form,
        words=words,
        found=found,
        topic=front.topic(topic) if shown else None,
        shown=shown,
        often=often,
        shelves=[(front.topic(each), number) for each, number in shelves.items()],
        topic_of=front.topic,
    )


@blueprint.get("/<int:article_id>", endpoint="article")
@public(FOR_EVERYBODY)
def article(article_id: int) -> Any:
    with reading(sessions()) as session:
        row, version = knowledge.one(session, actor(), article_id)
        session.expunge_all()
    opened(row.id)
    return render_template(
        "pages/helpdesk/knowledge/article.html",
        article=row,
        version=version,
        topic=policy().front.topic(row.topic),
        body=Markup(to_html(version.body)),  # noqa: S704 - made safe by to_html
    )


@blueprint.route("/<int:article_id>/helped", methods=["GET", "POST"], endpoint="helped")
@public(FOR_EVERYBODY)
def helped(article_id: int) -> Any:
    """Asked once more on a page of its own where nobody has signed in: opening it counts nothing, its button does."""
    with reading(sessions()) as session:
        row, _ = knowledge.one(session, actor(), article_id)
        session.expunge_all()
        form = Helped()  # not before: a page that is not there sets no cookie
        if not form.is_submitted():
            said = request.args.get("said", "")
            form = Helped(formdata=None, helped=said if said in ("yes", "no") else None)
            if not current_user.is_authenticated:
                form.token.data = knowledge.token(keys(), row)

    def count(session: Session) -> bool:
        found, _ = knowledge.one(session, actor(), article_id)
        return knowledge.vote(
            session, found, helped=form.helped.data == "yes", actor=actor(), now=now(), policy=policy(), keys=keys(),
            envelope=form.token.data or "", address=kernel.address(),
        )  # fmt: skip

    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                count(session)
        except Refused as no:
            if no.reason is Reason.NOT_FOUND:
                raise
            form.refuse(no.sentence)
        else:
            return _thanked(article_id, form.helped.data == "yes")
    return render_template("pages/helpdesk/knowledge/helped.html", form=form, article=row), status_of(form)


def _thanked(article_id: int, helps: bool) -> Any:
    if current_user.is_authenticated:
        flash("Thank you. Whoever writes these articles sees it.", "success")
        return redirect(url_for("knowledge.article", article_id=article_id))
    return redirect(url_for("knowledge.thanks", article_id=article_id, said="yes" if helps else "no"))


@blueprint.get("/<int:article_id>/thanks", endpoint="thanks")
@public(FOR_EVERYBODY)
def thanks(article_id: int) -> Any:
    with reading(sessions()) as session:
        row, _ = knowledge.one(session, actor(), article_id)
        session.expunge_all()
    return render_template("pages/helpdesk/knowledge/thanks.html", article=row, said=request.args.get("said"))
