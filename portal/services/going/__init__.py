"""Going straight to something by its number or name: what may be found, and how it is looked for."""
