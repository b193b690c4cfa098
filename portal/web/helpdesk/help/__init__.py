"""The pages of whoever asks the help desk: ask, follow one's questions, answer one's people's, say whether it was solved."""

from portal.web.helpdesk.help import asking, closures, own, rating
from portal.web.helpdesk.help.room import blueprint

__all__ = ["asking", "blueprint", "closures", "own", "rating"]
