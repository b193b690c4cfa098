"""Feedback: surveys answered by everybody or by a link, and where the staff write and read them."""

from portal.web.helpdesk.feedback import answering, results, surveys
from portal.web.helpdesk.feedback.room import blueprint

__all__ = ["answering", "blueprint", "results", "surveys"]
