"""What the tests stand on: databases, the closed network, and a client that looks at every page it opens."""
