"""What the rooms of day one share: the blueprint and the way through its steps."""

from flask import Blueprint

blueprint = Blueprint("day_one", __name__)
STEPS = ("File", "Columns", "Trial", "Done")
