"""Messages of our own making, as mail programs, servers and mischief write them, each with what it is to be taken for."""
