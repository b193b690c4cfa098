"""Where people stand before the gate: facts.py asks it about one membership, sweep.py about all in one statement."""
