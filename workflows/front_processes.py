"""The transition tables of the front door: articles, service requests and surveys."""

from workflows.actions import Action
from workflows.machine import Machine, Move

ARTICLE = Machine("article", "draft", {
    "publish": Move(("draft", "published", "retired"), "published", Action.ARTICLE_WRITE, "was published"),
    "retire": Move(("published",), "retired", Action.ARTICLE_WRITE, "was taken out of the knowledge base"),
    "drop": Move(("draft",), "retired", Action.ARTICLE_WRITE, "was dropped before it was published"),
})  # fmt: skip

SERVICE_REQUEST = Machine("service request", "asked", {
    "accept": Move(("asked", "declined"), "accepted", Action.SERVICE_WORK, "was accepted"),
    "begin": Move(("accepted",), "in_progress", Action.SERVICE_WORK, "is in progress"),
    "deliver": Move(("accepted", "in_progress"), "delivered", Action.SERVICE_WORK, "was delivered"),
    "send_back": Move(("delivered", "resolved"), "in_progress", Action.SERVICE_WORK, "is in progress again: what was delivered is not it"),
    "resolve": Move(("delivered",), "resolved", Action.SERVICE_WORK, "was resolved"),
    "decline": Move(("asked", "accepted", "in_progress"), "declined", Action.SERVICE_WORK, "was declined"),
})  # fmt: skip

SURVEY = Machine("survey", "draft", {
    "open": Move(("draft",), "open", Action.SURVEY_ASK, "was opened"),
    "close": Move(("open",), "closed", Action.SURVEY_ASK, "was closed"),
    "run_out": Move(("open",), "closed", Action.SURVEY_REACT, "ended with its last day"),
    "drop": Move(("draft",), "dropped", Action.SURVEY_ASK, "was dropped before it was opened"),
})  # fmt: skip
