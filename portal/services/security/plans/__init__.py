"""Plans and policies, records on file, releases of data."""
