"""The yearly security review: opened, answered, attested, signed off."""
