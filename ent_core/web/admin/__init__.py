"""L'administration."""

from flask import Blueprint

administration = Blueprint("admin", __name__, url_prefix="/administration")
