"""What the project's own people run: set-up, locks, migrations, checks."""
