"""The blueprint of going straight to something."""

from flask import Blueprint

blueprint = Blueprint("go", __name__)
