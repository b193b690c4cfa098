"""The `portal` command: what an operator runs on the server; every act is recorded under the operator's name."""

import click

from portal.cli import asking, audit, auditor, day_one, exporting, importing, inbox, policy, reconcile, serving, users


@click.group()
def main() -> None:
    """HMIS Access Portal."""


COMMANDS = (
    serving.migrate_command, serving.demo, serving.serve, serving.worker, serving.run,
    asking.gate, asking.sweep, reconcile.reconcile, auditor.auditor, audit.audit_group,
    policy.policy_group, importing.import_group, exporting.export_group, users.user_group, inbox.inbox_group,
)  # fmt: skip

for command in COMMANDS:
    main.add_command(command)
for command in day_one.COMMANDS:
    importing.import_group.add_command(command)
