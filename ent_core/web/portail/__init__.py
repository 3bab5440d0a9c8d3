"""Le portail : entrer, choisir où l'on est, voir l'accueil, gérer son compte, s'informer."""

from flask import Blueprint

portail = Blueprint("ent", __name__)
"""Pages du noyau ouvertes à chacun ; les modules voisins y ajoutent leurs routes."""
