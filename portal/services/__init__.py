"""Use cases: verbs that take (session, actor, now); they never commit and never see Flask."""
