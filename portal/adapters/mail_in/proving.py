"""Whether a message comes from whom it says: what our own mail server found out and wrote down (RFC 8601), and nobody else's word."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from portal.adapters.mail_in.cleaning import one_line
from portal.adapters.mail_in.received import Proof
from portal.adapters.mail_in.telling import Headers

HEADER = "authentication-results"
NAMELESS = "nameless"
"""The word in the settings for a server that leaves its own name out, as Microsoft 365 does."""

LONGEST = 20_000
MOST_RESULTS = 50
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([;=])|([^\s;="]+)')


@dataclass(slots=True)
class Result:
    """One method's result, with its properties: `dkim=pass header.d=example.org`."""

    method: str
    value: str
    properties: dict[str, str] = field(default_factory=dict)


def proven(headers: Headers, sender: str, *, writers: int, servers: Collection[str]) -> tuple[Proof, str]:
    """What the server of ours says about `sender`, the address in From, and in which words.

    `servers` are the names under which our server writes Authentication-Results. Only the topmost header of such a name
    counts: the server writes on top, and whatever stands below, or bears another name, the sender may have written.
    UNSAID where nothing was found out, or the message names more than one writer.
    """
    results = _topmost(headers, {each.casefold() for each in servers})
    domain = sender.rpartition("@")[2].casefold()
    if results is None or writers != 1 or not domain:
        return Proof.UNSAID, ""
    said = one_line("; ".join(f"{each.method}={each.value}" for each in results), 200)
    policy = [each for each in results if each.method == "dmarc"]
    if any(each.value == "fail" for each in policy):
        return Proof.FAILED, said
    # Several answers to one question are none: somebody may have put the other one in.
    if len(policy) == 1 and policy[0].value == "pass":
        return (Proof.PROVEN if policy[0].properties.get("header.from") == domain else Proof.UNSAID), said
    if len(policy) <= 1 and any(_aligned(each, domain) for each in results):
        return Proof.PROVEN, said
    return Proof.UNSAID, said


def _topmost(headers: Headers, servers: set[str]) -> list[Result] | None:
    for each in headers.all(HEADER) if servers else ():
        server, results = parsed(each)
        if server.casefold() in servers or (not server and results and NAMELESS in servers):
            return results
    return None


def _aligned(result: Result, domain: str) -> bool:
    """Whether a signature or an envelope of the very domain in From passed.

    Of the very domain only: which of two domains belong together takes a list of public suffixes, which the server's own
    DMARC result has already been measured by.
    """
    if result.value != "pass":
        return False
    names = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.from")}.get(result.method, ())
    found = next((result.properties[name] for name in names if name in result.properties), "")
    return found.rpartition("@")[2] == domain


def parsed(value: str) -> tuple[str, list[Result]]:
    """The server's name ('' where it names none) and its results; nothing where the header cannot be read. Never raises."""
    plain = _without_comments(re.sub(r"[\r\n]+[ \t]*", " ", value[:LONGEST]))
    if plain is None:
        return "", []
    clauses = _clauses(plain)
    server = ""
    if clauses and "=" not in clauses[0]:
        server = clauses.pop(0)[0] if clauses[0] else ""
    return server, [made for each in clauses[:MOST_RESULTS] if (made := _result(each)) is not None]


def _without_comments(text: str) -> str | None:
    """The text without what stands in parentheses, which may hold anything; None where they or the quotes do not close."""
    kept, depth, quoted, skip = [], 0, False, False
    for letter in text:
        if skip:
            skip = False
        elif letter == "\\" and (depth or quoted):
            skip = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
        elif letter == ")" and not quoted:
            depth -= 1
            if depth < 0:
                return None
            kept.append(" ")
            continue
        if not depth:
            kept.append(letter)
    return None if depth or quoted else "".join(kept)


def _clauses(plain: str) -> list[list[str]]:
    """What stands between semicolons, each as its words; '=' is a word of its own."""
    clauses: list[list[str]] = [[]]
    for quoted, sign, word in _TOKEN.findall(plain):
        if sign == ";":
            clauses.append([])
        else:
            clauses[-1].append(sign or word or re.sub(r"\\(.)", r"\1", quoted))
    return clauses


def _result(words: list[str]) -> Result | None:
    """`method[/version]=value name=value …`; None for anything else, such as 'none'."""
    pairs = [
        (words[at - 1].casefold(), words[at + 1].casefold())
        for at, word in enumerate(words)
        if word == "=" and 0 < at < len(words) - 1
    ]
    if not pairs:
        return None
    (method, value), *properties = pairs
    made = Result(method.partition("/")[0], value)
    for name, said in properties:
        made.properties.setdefault(name, said)
    return made
