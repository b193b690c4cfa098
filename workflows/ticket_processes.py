"""The transition table of a ticket of the help desk (H1)."""

from workflows.actions import Action
from workflows.machine import Machine, Move

TICKET = Machine("ticket", "new", {
    "take": Move(("new",), "open", Action.TICKET_ANSWER, "was taken up"),
    "wait": Move(("new", "open"), "waiting", Action.TICKET_ANSWER, "waits for who asked"),
    "resume": Move(("waiting",), "open", Action.TICKET_ADD, "goes on"),
    "solve": Move(("new", "open", "waiting"), "solved", Action.TICKET_SOLVE, "was solved"),
    "reopen": Move(("solved", "closed"), "open", Action.TICKET_ADD, "was opened again"),
    "close": Move(("solved",), "closed", Action.TICKET_REACT, "was closed: nobody came back to it"),
    "merge": Move(("new", "open", "waiting", "solved"), "merged", Action.TICKET_WORK, "was merged into another"),
})  # fmt: skip
