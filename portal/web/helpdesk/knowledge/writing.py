"""Writing an article or its next version, read over before it is kept; begun from a solved ticket where one is given."""

from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from forms.helpdesk.knowledge import Write
from portal import permissions
from portal.adapters.markdown import to_html
from portal.db import reading
from portal.models import Article, ArticleVersion, Ticket
from portal.services.helpdesk.knowledge import articles
from portal.services.helpdesk.knowledge.articles import Written
from portal.web.helpdesk.knowledge.room import blueprint
from portal.web.kernel import acted, actor, an_id, now, permission, policy, sessions, status_of
from workflows.actions import Action


@blueprint.route("/manage/new", methods=["GET", "POST"], endpoint="new")
@permission(Action.ARTICLE_WRITE)
def new() -> Any:
    """A new article; with `?ticket=`, begun from what was asked and answered there."""
    number, begun = request.args.get("ticket", type=an_id), None
    if number is not None:
        with reading(sessions()) as session:
            ticket = permissions.find(session, actor(), Action.TICKET_WORK, Ticket, number)
            begun = articles.from_ticket(session, ticket, actor=actor(), policy=policy())
    return _written(None, begun, number)


@blueprint.route("/manage/<int:article_id>/write", methods=["GET", "POST"], endpoint="write")
@permission(Action.ARTICLE_WRITE)
def write(article_id: int) -> Any:
    """The next version, begun from the newest."""
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.ARTICLE_WRITE, Article, article_id)
        last = articles.version_of(session, row, row.written)
        session.expunge_all()
    begun = None
    if last is not None:
        begun = Written(
            title=last.title, body=last.body, topic=last.topic, audience=last.audience, summary=last.summary, words=last.words,
            kinds=tuple(last.kinds),
        )  # fmt: skip
    return _written(row, begun, None)


def _written(article: Article | None, begun: Written | None, ticket_id: int | None) -> Any:
    form = _form(article, begun)
    preview = request.form.get("step") == "preview"

    def keep(session: Session) -> ArticleVersion:
        row = permissions.find(session, actor(), Action.ARTICLE_WRITE, Article, article.id) if article else None
        return articles.write(
            session, row, written=_from(form), actor=actor(), now=now(), policy=policy(), from_ticket_id=ticket_id,
            expected=permissions.row_id(form.expected.data or ""),
        )  # fmt: skip

    said = "Kept. Readers see it once it is published."
    if not preview and (
        done := acted(form, keep, said, lambda made: url_for("knowledge.manage_one", article_id=made.article_id))
    ):
        return done
    if preview:
        form.validate()
    body = form.body.data or ""
    return render_template(
        "pages/helpdesk/knowledge/write.html",
        form=form,
        article=article,
        ticket_id=ticket_id,
        preview=Markup(to_html(body, top=3)) if preview and body else None,  # noqa: S704 - made safe by to_html
    ), status_of(form)


def _form(article: Article | None, begun: Written | None) -> Write:
    front, desk = policy().front, policy().helpdesk
    given: dict[str, Any] = {}
    if begun is not None:
        given = {
            "title": begun.title, "summary": begun.summary, "topic": begun.topic, "audience": begun.audience, "body": begun.body,
            "words": begun.words, "kinds": list(begun.kinds), "why": begun.why,
        }  # fmt: skip
    given["expected"] = str(article.written) if article else ""
    return Write(
        topics=[(topic.id, topic.title) for topic in front.topics],
        kinds_offered=[(kind.id, kind.title) for kind in desk.kinds],
        **given,
    )


def _from(form: Write) -> Written:
    return Written(
        title=form.title.data or "", body=form.body.data or "", topic=form.topic.data, audience=form.audience.data,
        summary=form.summary.data or "", words=form.words.data or "", kinds=tuple(form.kinds.data or ()), why=form.why.data or "",
    )  # fmt: skip
