"""One process of a race: reads whom to reconsider, says 'ready', waits for 'go', and says what came of it."""

import json
import sys
from datetime import datetime

from portal.db import make_sessionmaker, transaction
from portal.services.people import grants
from tests.proof.racing import together, wide
from workflows.policy import load


def main() -> None:
    told = json.loads(sys.stdin.readline())
    now, policy, members = datetime.fromisoformat(told["now"]), load(), told["memberships"]
    with wide(told["url"], len(members)) as engine:
        sessions = make_sessionmaker(engine)
        with engine.connect():
            print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()

        def act(membership_id: int) -> str:
            with transaction(sessions) as session:
                said = grants.reconsider(session, membership_id=membership_id, now=now, policy=policy)
                return "nothing" if said is None else said.value

        results = together(*(lambda m=m: act(m) for m in members))
    print(json.dumps([word if isinstance(word, str) else repr(word) for word in results]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
