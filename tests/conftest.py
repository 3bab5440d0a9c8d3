"""Réglages communs aux essais du noyau."""

from __future__ import annotations

from hypothesis import settings

# Aucun essai ne dépend de la vitesse de la machine.
settings.register_profile("ent", deadline=None)
settings.load_profile("ent")
