"""Noyau de l'ENT : identité, rôles, registres de données déclarés, et le contrat des briques."""

__version__ = "0.5.0"
