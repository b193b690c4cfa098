"""What the pages of the mailbox share: the blueprint, and how an outcome is called."""

from flask import Blueprint

blueprint = Blueprint("ticket_mail", __name__, url_prefix="/tickets/mail")

OUTCOMES = {
    "entry": ("done", "In a ticket"),
    "auto_reply": ("closed", "Automatic reply"),
    "bounce": ("warning", "Returned"),
    "list": ("closed", "List or bulk"),
    "loop": ("closed", "The portal's own"),
    "duplicate": ("closed", "Came twice"),
    "refused": ("overdue", "Held"),
    "spam_guard": ("overdue", "Held: too many"),
}
