"""Rôles, permissions, périmètres et délégations."""
