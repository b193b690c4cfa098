"""The programs behind `make bench`: each has run(), which gives rows for the table."""
