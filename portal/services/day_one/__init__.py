"""Day one: a roster, a list of people and a heap of signed paper come in, and nobody loses access by it."""
