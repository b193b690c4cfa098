"""The checks of `make check` that no ready-made tool does; each gives a list of sentences, empty if all is well."""
