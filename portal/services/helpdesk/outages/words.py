"""What is written about an outage goes to everybody and stays: so it is looked over before it is kept."""

from portal.refusals import bad_input
from workflows.client_data import looks_like_client

LONGEST = 2000


def lasting_words(text: str, ask: str, field: str, most: int = LONGEST) -> str:
    """A text with its paragraphs, white space folded; BAD_INPUT for none, too much, or what looks like a client's."""
    words = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    if len(words) < 3:
        raise bad_input(ask, field)
    if len(words) > most:
        raise bad_input(f"At most {most:,} characters; this has {len(words):,}. Shorten it.", field)
    if found := looks_like_client(words):
        raise bad_input(f"Everybody can read this, and it cannot be taken back. {found[0]} Reword it.", field)
    return words


def line(text: str, ask: str, field: str, most: int) -> str:
    """A text in one line; BAD_INPUT as for lasting_words()."""
    return lasting_words(" ".join(text.split()), ask, field, most)
