"""Découverte, vérification et activation des briques."""
