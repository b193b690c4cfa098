"""Every mail there is: what its one button says, and where it leads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a mail's one button says and where it leads; a mail that carries a link leads there."""

    label: str
    path: Callable[[Facts], str] = lambda _facts: "/"


def _document(facts: Facts) -> str:
    return f"/documents/{facts['document'].id}"


def _agency(facts: Facts) -> str:
    return f"/agency/{facts['agency'].id}"


def _incident(facts: Facts) -> str:
    return f"/security/incidents/{facts['incident'].id}"


def _review(facts: Facts) -> str:
    return f"/security/reviews/{facts['review'].id}"


def _ticket(facts: Facts) -> str:
    return f"/help/{facts['ticket'].id}"


def _service(facts: Facts) -> str:
    """Whoever asked by a ticket has that; the list of requests is for offices."""
    row = facts["service"]
    return f"/help/{row.ticket_id}" if row.ticket_id else f"/service-requests/{row.id}"


MAILS: Mapping[str, Kind] = {
    "invite_director": Kind("Read and sign"),
    "invite_staff": Kind("Accept the invitation"),
    "sign_request": Kind("Read and sign"),
    "sign_in_link": Kind("Sign in"),
    "password_reset": Kind("Choose a new password"),
    "code": Kind(""),
    "executed_copy": Kind("See the document", _document),
    "document_rejected": Kind("Correct the document", _document),
    "request_received": Kind("See what is left to do"),
    "enrolled": Kind("See what is left to do", lambda _facts: "/me"),
    "nudge": Kind("See what you can do now"),
    "welcome": Kind("Sign in to see your temporary password", lambda _facts: "/me"),
    "suspended": Kind("See why", lambda _facts: "/me"),
    "restored": Kind("See your access", lambda _facts: "/me"),
    "departed": Kind("See the Agency", _agency),
    "order_overdue": Kind("Open the work orders", lambda _facts: "/desk/orders"),
    "runs_out": Kind("See what to do", lambda _facts: "/#runs-out"),
    "brake_pulled": Kind("See who would lose access", lambda _facts: "/desk/brake"),
    "record_broken": Kind("See the record", lambda _facts: "/desk/audit"),
    "record_head": Kind("See the record", lambda _facts: "/desk/audit"),
    "waiver_asked": Kind("Decide about the waiver", lambda facts: f"/waivers/{facts['waiver'].id}"),
    "waiver_decided": Kind("See the waiver", lambda facts: f"/waivers/{facts['waiver'].id}"),
    "incident_reported": Kind("Read the report", _incident),
    "incident_added": Kind("Read what was added", _incident),
    "incident_asked": Kind("Read what you are asked", lambda _facts: "/security/asked"),
    "outage_said": Kind("See where it stands", lambda facts: f"/outages/{facts['outage'].id}"),
    "ticket_for_admin": Kind("Read the question, and answer it", _ticket),
    "ticket_moved": Kind("See your question", _ticket),
    "ticket_solved": Kind("Say whether it was solved well"),
    "tickets_overdue": Kind("Open the overdue tickets", lambda _facts: "/tickets?show=overdue"),
    "sanction_appealable": Kind("Read it, and appeal if you want to"),
    "sanction_notice": Kind("See the sanction", lambda facts: f"/security/sanctions/{facts['sanction'].id}"),
    "sanction_letter": Kind(""),
    "sanction_appealed": Kind("Hear the appeal", lambda facts: f"/security/sanctions/{facts['sanction'].id}"),
    "account_locked": Kind("See the way in", lambda _facts: "/sign-in"),
    "colleague_locked": Kind("See the person", lambda facts: f"/people/{facts['membership'].id}"),
    "account_unlocked": Kind("Sign in", lambda _facts: "/sign-in"),
    "sign_in_attack": Kind("See who is locked", lambda _facts: "/desk/sign-in"),
    "password_changed": Kind("See where you are signed in", lambda _facts: "/account/sessions"),
    "recovery_used": Kind("See your recovery codes", lambda _facts: "/account/second-factor"),
    "factor_vouched": Kind("See your second factor", lambda _facts: "/account/second-factor"),
    "factor_reset": Kind("Sign in and set up a new one", lambda _facts: "/sign-in"),
    "email_confirm": Kind("Confirm this address"),
    "email_changed": Kind("Sign in", lambda _facts: "/sign-in"),
    "pack_proposed": Kind("See what would change, and for whom", lambda _facts: "/desk/policy"),
    "seat_waiting": Kind("See the Agency's licenses", _agency),
    "admin_named": Kind("See what you can do now"),
    "officer_named": Kind("See what you can do now"),
    "delegated": Kind("See the Agency", _agency),
    "corrective_action": Kind("See the corrective action", lambda facts: f"/security/actions/{facts['action'].id}"),
    "delegation_revoked": Kind("See the Agency", _agency),
    "review_opened": Kind("Answer the checklist", _review),
    "review_handed": Kind("See your items", _review),
    "review_returned": Kind("See what is asked", _review),
    "review_to_sign_off": Kind("Read the answers", _review),
    "service_ended": Kind("See what came of it", _service),
    "survey": Kind("Answer the questions"),
    "review_signed_off": Kind("See the review", _review),
}
