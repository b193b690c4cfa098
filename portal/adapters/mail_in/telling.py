"""Tells a person's message from automatic replies, bounces, lists and the portal's own mail that came back."""

import re
from collections.abc import Collection
from email.message import Message

from portal.adapters.mail_in.cleaning import addresses, ids, one_line
from portal.adapters.mail_in.received import Kind, Undelivered

MOST_ADDRESSES = 50
_FROM_SERVERS = re.compile(r"(mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_AWAY = re.compile(
    r"(automatic reply|auto(matic)?[- ]?(reply|response)|autoreply|out[- ]of[- ](the )?office( auto ?reply)?|ooo|away from)\b.*",
    re.IGNORECASE,
)
_RETURNED = re.compile(
    r"(undeliver|delivery status notification|returned mail|mail delivery (failed|failure)|failure notice|delivery failure)",
    re.IGNORECASE,
)
_ID_IN_TEXT = re.compile(r"^[> \t]*message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_BULK = {"bulk", "list", "junk"}
_NO_ANSWER = re.compile(r"\b(all|autoreply|oof)\b", re.IGNORECASE)


class Headers:
    """A message's headers by name in any case, each as it came."""

    def __init__(self, message: Message) -> None:
        self._all: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            self._all.setdefault(name.lower(), []).append(str(value))

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def all(self, name: str) -> list[str]:
        return self._all.get(name, [])

    def get(self, name: str) -> str:
        """The first one, or ''."""
        return self.all(name)[0] if self.all(name) else ""

    def word(self, name: str) -> str:
        """Its first word, in small letters: what such a header says before its details."""
        return re.split(r"[;\s(]", self.get(name).strip().lower(), maxsplit=1)[0]


def kind_of(headers: Headers, message: Message, *, sender: str, subject: str, own: Collection[str]) -> tuple[Kind, str]:
    """What a message is, and by which sign. `own` are the addresses that the portal writes from."""
    if sender and sender.casefold() in {address.casefold() for address in own}:
        return Kind.OWN_LOOP, "It comes from the portal's own address."
    report = _report_type(message)
    if report == "disposition-notification":
        return Kind.AUTO_REPLY, "It says that a message was opened."
    if sign := _is_bounce(headers, message, report, sender, subject):
        return Kind.BOUNCE, sign
    if sign := _is_automatic(headers, message, subject):
        return Kind.AUTO_REPLY, sign
    if sign := _is_list(headers, own):
        return Kind.LIST, sign
    return Kind.PERSON, ""


def wants_no_answer(headers: Headers) -> bool:
    """Whether it asks for no automatic answer, or names nobody to answer to."""
    return bool(_NO_ANSWER.search(headers.get("x-auto-response-suppress"))) or "<>" in headers.get("return-path")


def undelivered(message: Message) -> tuple[Undelivered, ...]:
    """What a delivery report says about each address."""
    found = []
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for block in part.get_payload():
            fields = Headers(block) if isinstance(block, Message) else None
            if fields is None or not (fields.get("final-recipient") or fields.get("original-recipient")):
                continue
            whom = (fields.get("original-recipient") or fields.get("final-recipient")).rpartition(";")[2]
            said = fields.get("diagnostic-code").partition(";")[2] or fields.get("status")
            address = addresses([whom])
            found.append(
                Undelivered(
                    address=address[0][1] if address else "",
                    action=fields.word("action")[:20],
                    said=one_line(said, 300),
                )
            )
    return tuple(found[:MOST_ADDRESSES])


def returned(message: Message, text: str) -> tuple[str, ...]:
    """The ids of the messages that a bounce brings back: from the copy in it, else from what its text quotes."""
    found: list[str] = []
    for part in message.walk():
        if part is message:
            continue
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            found += _ID_IN_TEXT.findall(payload.decode("latin-1") if isinstance(payload, bytes) else "")
        elif part.get_content_type() == "message/rfc822" and part.is_multipart():
            found += [Headers(inner).get("message-id") for inner in part.get_payload() if isinstance(inner, Message)]
    return ids(" ".join(found or _ID_IN_TEXT.findall(text)))


def _report_type(message: Message) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    try:
        return str(message.get_param("report-type") or "").lower()
    except (ValueError, TypeError, IndexError, AttributeError):  # what a broken parameter does to the library
        return ""


def _is_bounce(headers: Headers, message: Message, report: str, sender: str, subject: str) -> str:
    if report == "delivery-status" or any(
        part.get_content_type() == "message/delivery-status" for part in _top(message)
    ):
        return "It is a mail server's report about a delivery."
    if "x-failed-recipients" in headers:
        return "It names addresses that could not be reached."
    empty = headers.get("return-path").strip() == "<>"
    if (_FROM_SERVERS.match(sender) or (empty and not sender)) and (empty or _RETURNED.search(subject)):
        return "A mail server wrote it."
    return ""


def _top(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _is_automatic(headers: Headers, message: Message, subject: str) -> str:
    if headers.word("auto-submitted") not in ("", "no"):
        return "It says of itself that it was sent automatically."
    if any(name in headers for name in ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply")):
        return "It says of itself that it is an automatic reply."
    if "auto_reply" in (headers.word("precedence"), headers.word("x-precedence")):
        return "It says of itself that it is an automatic reply."
    if any(
        part.get_content_type() == "text/calendar" and str(part.get_param("method") or "").upper() == "REPLY"
        for part in message.walk()
    ):
        return "It answers a calendar invitation."
    # Old servers only say it in the subject. So might a person; but a person seldom answers a message that way.
    if _AWAY.match(subject) and (
        "in-reply-to" in headers or "references" in headers or "<>" in headers.get("return-path")
    ):
        return "Its subject is that of an automatic reply."
    return ""


def _is_list(headers: Headers, own: Collection[str]) -> str:
    if _is_own_list(headers, own):
        return ""
    if "list-id" in headers or headers.word("precedence") in _BULK or headers.word("x-precedence") in _BULK:
        return "It was sent to a list."
    if any(name in headers for name in ("list-unsubscribe", "list-post", "mailing-list", "x-mailing-list")):
        return "It was sent to many people at once."
    return ""


def _is_own_list(headers: Headers, own: Collection[str]) -> bool:
    """Whether the list is the help desk's own address: many desks read a group's mail, and whoever writes to it is a person."""
    posts = headers.get("list-post").lower()
    named = headers.get("list-id").lower()
    return any(
        f"mailto:{address.lower()}" in posts or f"<{address.lower().replace('@', '.')}>" in named for address in own
    )
