"""Lecture des livraisons de l'annuaire académique fédérateur (AAF), premier et second degrés.

Ce paquet lit et contrôle ; il ne connaît aucune base de données.
"""
