"""The list of waivers, as far as somebody may see them: what is asked for first, then what is in force, then the rest."""

from datetime import date

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Waiver
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action

_RANK = case((Waiver.status == "asked", 0), (Waiver.status == "given", 1), else_=2)
IN_ORDER = Order(((_RANK, int), (Waiver.until, date.fromisoformat), (Waiver.id, int)))


def page(
    session: Session,
    actor: Actor,
    *,
    on: date,
    show: str = "",
    agency: str = "",
    agency_id: int | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Waivers with their Agency, whom they are for, and who asked; of one Agency where `agency_id` is given."""
    query = _shown(select(Waiver), show, on).where(permissions.visible(actor, Action.WAIVER_SEE, Waiver))
    query = query.join(Waiver.agency).options(
        contains_eager(Waiver.agency), joinedload(Waiver.whom), joinedload(Waiver.asker), joinedload(Waiver.decider)
    )
    if agency:
        query = query.where(Agency.name_key.like(like(agency), escape="/"))
    if agency_id is not None:
        query = query.where(Waiver.agency_id == agency_id)
    return IN_ORDER.page(session, query, after, _place, limit=limit)


def _place(row: tuple[Waiver]) -> tuple[int, str, int]:
    waiver = row[0]
    return {"asked": 0, "given": 1}.get(waiver.status, 2), waiver.until.isoformat(), waiver.id


def _shown(query: Select[tuple[Waiver]], show: str, on: date) -> Select[tuple[Waiver]]:
    in_force = (Waiver.status == "given") & (Waiver.until >= on)
    match show:
        case "asked":
            return query.where(Waiver.status == "asked")
        case "in_force":
            return query.where(in_force)
        case "over":
            return query.where(Waiver.status != "asked", ~in_force)
    return query.where((Waiver.status == "asked") | in_force)
