"""Les pages des messages : la boîte de chacun, ses préférences, et ce que l'établissement suit."""

from flask import Blueprint

__all__ = ["messages"]

messages = Blueprint("messages", __name__, url_prefix="/messages")
"""Ses routes viennent des modules de ce paquet, que le montage importe."""
