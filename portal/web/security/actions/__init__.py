"""What reviews and incidents found: actions, exceptions, results."""
