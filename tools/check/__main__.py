"""Runs every check of this folder and prints what it found; ends with 1 if anything is wrong."""

import sys
from pathlib import Path

from tools.check import migrations, source, templates, tree

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    found = [sentence for check in (tree, source, templates, migrations) for sentence in check.problems(ROOT)]
    for sentence in found:
        print(sentence, file=sys.stderr)
    for sentence in source.advice(ROOT):
        print(f"(advice) {sentence}")
    in_order = "The tree, the source, the templates and the migrations are in order."
    print(f"{len(found)} problems in the tree." if found else in_order)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
