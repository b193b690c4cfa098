"""What the pages about a version of a plan share: finding it, one act with its page, and files to take away."""

from collections.abc import Callable
from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from portal import permissions
from portal.db import reading
from portal.models import PlanVersion, StoredFile
from portal.refusals import not_found
from portal.services.paperwork import Scan
from portal.services.security.plans import plans
from portal.web.kernel import actor, policy, sessions, status_of
from portal.web.security.acting import acted_with_file
from portal.web.uploads import download, fetched
from workflows.actions import Action

Do = Callable[[Session, PlanVersion, Scan | None], Any]


def way(version_id: int) -> str:
    return url_for("security.plan_version", version_id=version_id)


def find(session: Session, action: Action, version_id: int) -> PlanVersion:
    return permissions.find(session, actor(), action, PlanVersion, version_id)


def step(version_id: int, action: Action, form: Any, do: Do, said: str, *, file: str = "", **page: Any) -> Any:
    """One act on a version: done and back to it, or its page with what follows from it."""
    back = way(version_id)
    done = acted_with_file(
        form, file, lambda session, kept: do(session, find(session, action, version_id), kept), said, back
    )
    if done is not None:
        return done
    with reading(sessions()) as session:
        row = find(session, action, version_id)
        title = f"{plans.title(policy(), row.kind)}, version {row.number}"
        what = page.pop("what", ())
        return render_template(
            "pages/security/plans/act.html", form=form, row=row, title=title, back=back, file=file, what=what(row) if callable(what) else what, **page
        ), status_of(form)  # fmt: skip


def sent(kept: StoredFile | None) -> Any:
    """A kept file to take away; 404 where there is none."""
    if kept is None:
        raise not_found()
    return download(fetched(kept.sha256), kept.media_type, kept.name)
