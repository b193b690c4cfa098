"""Makes the core HMIS's temporary password at random, by the rules of the pack ('User Passwords')."""

import secrets

from workflows.pack import PasswordRules

LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
"""Without those that look alike: the password is typed once, from a screen or from paper."""

USUAL = 16
_FEWEST_DIGITS = 3


def make(rules: PasswordRules) -> str:
    """A password of 16 characters, or as near to it as the rules allow: letters and digits alone, drawn at random.

    At least as many digits as the rules ask for. Drawn letter by letter, so that it holds no word and nobody's name.
    """
    length = min(max(USUAL, rules.shortest), rules.longest)
    digits = max(rules.digits, _FEWEST_DIGITS)
    drawn = [secrets.choice(DIGITS) for _ in range(digits)]
    drawn += [secrets.choice(LETTERS) for _ in range(length - digits)]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)
