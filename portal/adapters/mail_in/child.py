"""Runs alone in a limited process: reads a message from standard input and writes what it is, then its files."""

import json
import resource
import sys
from dataclasses import asdict

from portal.adapters.mail_in.reading import read

MEMORY = 1024 * 1024 * 1024
PROCESSOR_SECONDS = 20


def limit() -> None:
    """Takes away from this process what reading one message does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Limits first, then the message. One line of JSON, then the files' bytes one after the other."""
    limit()
    asked = json.loads(sys.argv[1])
    received = read(sys.stdin.buffer.read(), own=asked["own"], servers=asked["servers"], folding=asked["folding"])
    contents = [each.content for each in received.attachments]
    answer = {name: value for name, value in asdict(received).items() if name != "attachments"}
    answer["sent_at"] = received.sent_at.isoformat() if received.sent_at else None
    answer["attachments"] = [
        {"name": each.name, "media_type": each.media_type, "inline": each.inline, "size": len(each.content)}
        for each in received.attachments
    ]
    sys.stdout.buffer.write(json.dumps(answer).encode("ascii") + b"\n")
    for content in contents:
        sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main()
