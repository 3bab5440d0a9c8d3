"""Une section du fichier de configuration."""

from __future__ import annotations

import msgspec

__all__ = ["Section"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Section stricte : une clé inconnue est une erreur."""
