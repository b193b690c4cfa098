"""The staff's side of the knowledge base: the list, one article with its versions, publishing, retiring, comparing."""

from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from forms.helpdesk.knowledge import AUDIENCES, SHOWN, ArticleFilter, Publish, Retire
from portal import audit, permissions
from portal.adapters.markdown import to_html
from portal.db import reading, transaction
from portal.models import Article
from portal.refusals import not_found
from portal.services.helpdesk.knowledge import article_lists, articles
from portal.web.desk.room import as_csv, pager
from portal.web.helpdesk.knowledge.room import blueprint
from portal.web.kernel import acted, actor, an_id, may, now, permission, policy, pressed, sessions, status_of, today
from workflows.actions import Action

EVERYTHING = 10_000
STATES = {"draft": ("draft", "Draft"), "published": ("done", "In print"), "retired": ("withdrawn", "Retired")}


@blueprint.get("/manage", endpoint="manage")
@permission(Action.ARTICLE_SEE)
def index() -> Any:
    after, topics = request.args.get("after", ""), [(topic.id, topic.title) for topic in policy().front.topics]
    form = ArticleFilter(request.args, topics=topics)
    chosen: dict[str, Any] = {
        "show": form.show.data if form.show.data in SHOWN else "",
        "topic": form.topic.data if form.topic.data in dict(topics) else "",
        "search": (form.q.data or "").strip()[:100],
        "on": today(),
        "policy": policy(),
    }
    if request.args.get("format") == "csv":
        return _csv(chosen)
    with reading(sessions()) as session:
        page = article_lists.page(session, actor(), after=after, **chosen)
        return render_template(
            "pages/helpdesk/knowledge/manage.html",
            rows=[_row(article) for (article,) in page.rows],
            form=form,
            page=pager(page, after),
            counts=article_lists.counted(session, actor(), on=today(), policy=policy()),
            writes=may(Action.ARTICLE_WRITE),
        )


def _row(article: Article) -> dict[str, Any]:
    return {
        "article": article,
        "state": state(article),
        "topic": policy().front.topic(article.topic).title,
        "href": url_for("knowledge.manage_one", article_id=article.id),
    }


def state(article: Article) -> tuple[str, str]:
    """The status to show, with its words."""
    if article_lists.is_stale(article, today(), policy()):
        return "due_soon", "Look at it again"
    if article.status == "published" and article.written > article.printed:
        return "waiting", "Newer version waits"
    return STATES[article.status]


def _csv(chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        page = article_lists.page(session, actor(), limit=EVERYTHING, **chosen)
        rows = [
            (
                each["article"].title, each["topic"], AUDIENCES[each["article"].audience], each["state"][1], each["article"].printed,
                each["article"].written, each["article"].views, each["article"].helped, each["article"].not_helped,
                each["article"].reviewed_on,
            )
            for each in (_row(article) for (article,) in page.rows)
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} articles."
        audit.record(session, actor=actor(), now=now(), act="articles.export", said=said)
    headers = (
        "Title", "Topic", "For", "Status", "Version in print", "Newest version", "Times opened", "Helped", "Did not help", "Looked at on",
    )  # fmt: skip
    return as_csv("articles", headers, rows)


@blueprint.route("/manage/<int:article_id>", methods=["GET", "POST"], endpoint="manage_one")
@permission(Action.ARTICLE_SEE)
def one(article_id: int) -> Any:
    """An article with its versions; posting publishes the version that was read, `?version=` or the newest one."""
    form, number = Publish(), request.args.get("version", type=an_id)

    def publish(session: Session) -> None:
        row = permissions.find(session, actor(), Action.ARTICLE_WRITE, Article, article_id)
        articles.publish(
            session, row, number=number or row.written, sure=bool(form.sure.data), actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    back = url_for("knowledge.manage_one", article_id=article_id)
    if done := acted(form, publish, "Published. Readers see this version now.", back):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.ARTICLE_SEE, Article, article_id)
        versions = article_lists.versions(session, row)
        shown = next((each for each in versions if each.number == number), versions[0] if number is None else None)
        if shown is None:
            raise not_found()
        return render_template(
            "pages/helpdesk/knowledge/manage_one.html",
            form=form,
            article=row,
            state=state(row),
            shown=shown,
            body=Markup(to_html(shown.body, top=3)),  # noqa: S704 - made safe by to_html
            versions=versions,
            topic=policy().front.topic(shown.topic),
            audience=AUDIENCES[shown.audience],
            writes=may(Action.ARTICLE_WRITE, row),
            publishes=row.status == "retired" or row.printed != shown.number,
            looks=row.status == "published" and article_lists.is_stale(row, today(), policy()),
        ), status_of(form)


@blueprint.post("/manage/<int:article_id>/looked-at", endpoint="looked_at")
@permission(Action.ARTICLE_WRITE)
def looked_at(article_id: int) -> Any:
    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.ARTICLE_WRITE, Article, article_id)
        articles.looked_at(session, row, actor=actor(), now=now(), policy=policy())

    said = "Noted: you read it today and it is still right."
    return pressed(act, said, url_for("knowledge.manage_one", article_id=article_id))


@blueprint.route("/manage/<int:article_id>/retire", methods=["GET", "POST"], endpoint="retire")
@permission(Action.ARTICLE_WRITE)
def retire(article_id: int) -> Any:
    form = Retire()

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.ARTICLE_WRITE, Article, article_id)
        articles.retire(session, row, reason=form.reason.data or "", actor=actor(), now=now())

    if done := acted(
        form, act, "Retired. Nobody finds it any more.", url_for("knowledge.manage_one", article_id=article_id)
    ):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.ARTICLE_WRITE, Article, article_id)
        return render_template("pages/helpdesk/knowledge/retire.html", form=form, article=row), status_of(form)


@blueprint.get("/manage/<int:article_id>/compare", endpoint="compare")
@permission(Action.ARTICLE_SEE)
def compare(article_id: int) -> Any:
    """Two versions beside each other: `?old=` and `?new=`, by default the last two."""
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.ARTICLE_SEE, Article, article_id)
        versions = {each.number: each for each in article_lists.versions(session, row)}
        new = versions.get(request.args.get("new", row.written, type=an_id))
        old = versions.get(request.args.get("old", new.number - 1 if new else 0, type=an_id))
        if old is None or new is None:
            raise not_found()
        return render_template(
            "pages/helpdesk/knowledge/compare.html",
            article=row,
            old=old,
            new=new,
            lines=article_lists.differences(old, new),
        )
