"""What the rooms of security and enforcement share: the blueprint."""

from flask import Blueprint

blueprint = Blueprint("security", __name__, url_prefix="/security")
