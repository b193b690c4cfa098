"""The desk's work orders: what to type into the core HMIS, and the confirmation that it was done."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from forms.base import Form
from forms.work_orders import ConfirmNewAccount, ConfirmOrder, OrderConfiguration, OrderFilter, configuration_form
from portal import permissions
from portal.db import reading, transaction
from portal.models import Agency, WorkOrder
from portal.refusals import Refused
from portal.services.desk import configuration, work_orders
from portal.services.desk.work_orders import TITLES
from portal.web.kernel import actor, an_id, keys, now, permission, policy, sessions, today
from workflows.actions import Action
from workflows.vocabulary import Reason

blueprint = Blueprint("orders", __name__, url_prefix="/desk/orders")
STATUSES = {"open": "Open", "done": "Done", "replaced": "Overtaken"}
PAGE = 50
ON_THE_FORM = frozenset({Reason.BAD_INPUT, Reason.CONFLICT})


@blueprint.get("", endpoint="index")
@permission(Action.ORDER_LIST)
def index() -> Any:
    status = request.args.get("status", "open")
    status = status if status in STATUSES else "open"
    form = OrderFilter(request.args, acts=list(TITLES.items()))
    act = form.act.data if form.act.data in TITLES else ""
    after = max(0, request.args.get("after", 0, type=an_id))
    with reading(sessions()) as session:
        rows = work_orders.list_orders(
            session, actor=actor(), now=now(), status=status, act=act, after=after, limit=PAGE + 1
        )
        tabs = [
            {
                "label": label,
                "href": url_for("orders.index", status=key),
                "current": key == status,
                "count": work_orders.count(session, actor=actor()) if key == "open" else None,
            }
            for key, label in STATUSES.items()
        ]
        return render_template(
            "pages/orders/index.html",
            rows=rows[:PAGE],
            tabs=tabs,
            form=form,
            status=status,
            after=after,
            more=len(rows) > PAGE,
            size=PAGE,
        )


@blueprint.get("/<int:order_id>", endpoint="show")
@permission(Action.ORDER_SEE)
def show(order_id: int) -> Any:
    with reading(sessions()) as session:
        order = permissions.find(session, actor(), Action.ORDER_SEE, WorkOrder, order_id)
        return _page(session, order, _form_for(session, order))


@blueprint.post("/<int:order_id>", endpoint="confirm")
@permission(Action.ORDER_CONFIRM)
def confirm(order_id: int) -> Any:
    with reading(sessions()) as session:
        form = _form_for(session, permissions.find(session, actor(), Action.ORDER_SEE, WorkOrder, order_id))
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                said = _carry_out(
                    session, permissions.find(session, actor(), Action.ORDER_SEE, WorkOrder, order_id), form
                )
            flash(said, "success")
            return redirect(url_for("orders.show", order_id=order_id))
        except Refused as refusal:
            if refusal.reason not in ON_THE_FORM:
                raise
            form.refuse(refusal.sentence, refusal.field)
    if form.data.get("temporary_password") and not form["temporary_password"].errors:
        form.refuse("Paste it again: a password is never sent back to a page.", "temporary_password")
    with reading(sessions()) as session:
        return _page(session, permissions.find(session, actor(), Action.ORDER_SEE, WorkOrder, order_id), form), 400


@blueprint.get("/configure/<int:agency_id>", endpoint="configure")
@permission(Action.AGENCY_CONFIGURE)
def configure(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = permissions.find(session, actor(), Action.AGENCY_CONFIGURE, Agency, agency_id)
        order = configuration.open_configuration(session, agency.id)
        if order is not None:
            return redirect(url_for("orders.show", order_id=order.id))
        return render_template(
            "pages/orders/configure.html",
            agency=agency,
            missing=configuration.missing(session, agency, on=today()),
            names=configuration.proposed_names(session, agency),
            form=OrderConfiguration(),
        )


@blueprint.post("/configure/<int:agency_id>", endpoint="order_configuration")
@permission(Action.AGENCY_CONFIGURE)
def order_configuration(agency_id: int) -> Any:
    with transaction(sessions()) as session:
        agency = permissions.find(session, actor(), Action.AGENCY_CONFIGURE, Agency, agency_id)
        order = configuration.order_configuration(session, agency=agency, actor=actor(), now=now(), policy=policy())
        number, name = order.id, agency.name
    flash(f"Setting {name} up is on order.", "success")
    return redirect(url_for("orders.show", order_id=number))


def _form_for(session: Any, order: WorkOrder) -> Form:
    if order.act == "configure":
        names = {project.id: project.name for project in configuration.ordered_projects(session, order)}
        return configuration_form(order.agency.name, names)()
    return ConfirmNewAccount() if work_orders.makes_account(order) else ConfirmOrder()


def _carry_out(session: Any, order: WorkOrder, form: Form) -> str:
    """Hands what was typed to the service; what to say when it is committed."""
    typed = {name: value.strip() for name, value in form.data.items() if isinstance(value, str)}
    if order.act == "configure":
        ids = {
            int(name.removeprefix("project_")): value for name, value in typed.items() if name.startswith("project_")
        }
        configuration.confirm_configuration(
            session,
            order=order,
            actor=actor(),
            now=now(),
            policy=policy(),
            provider_id=typed["provider_id"],
            project_provider_ids=ids,
        )
        return f"{order.agency.name} is set up. Its people are let in as soon as the rest is there."
    work_orders.confirm(
        session,
        order=order,
        actor=actor(),
        now=now(),
        policy=policy(),
        keys=keys(),
        typed_user_id=typed["typed_user_id"],
        really_made=typed.get("really_made", ""),
        temporary_password=typed.get("temporary_password", ""),
    )
    return f"Confirmed: {TITLES[order.act].lower()}, {order.typed_back}."


def _page(session: Any, order: WorkOrder, form: Form) -> str:
    return render_template(
        "pages/orders/order.html",
        row=work_orders.row_of(order, now()),
        order=order,
        form=form,
        may=order.status == "open" and work_orders.may_confirm(session, order, actor(), policy()),
        latest=work_orders.latest_of(session, order),
        done_by=work_orders.confirmer(session, order),
        never_made=order.account is not None
        and order.account.confirmed_at is None
        and order.act in {"suspend", "remove"},
        hours=round(policy().core_password.reveal.total_seconds() / 3600),
    )
