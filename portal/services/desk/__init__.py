"""The Lead's desk: imports, evidence by hand, configuration and work orders."""
