"""The `portal` command: what an operator runs on the server; every act is recorded under the operator's name."""

import click

from portal.cli import asking, importing, policy, serving, users


@click.group()
def main() -> None:
    """HMIS Access Portal."""


COMMANDS = (
    serving.migrate_command, serving.demo, serving.serve, serving.worker, serving.run,
    asking.gate, asking.sweep,
    policy.policy_group, importing.import_group, users.user_group,
)  # fmt: skip

for command in COMMANDS:
    main.add_command(command)
