"""Une politique par ligne : ce que la déclaration en dit, et l'ordre qui la crée."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Politique"]


@dataclass(frozen=True, slots=True)
class Politique:
    """Une politique par ligne."""

    roles: tuple[str, ...]
    acte: str
    condition: str
    restrictive: bool = False

    @property
    def empreinte(self) -> str:
        """Ce que la déclaration en dit, en peu de caractères."""
        dite = f"{self.acte}|{self.condition}"
        return hashlib.md5(dite.encode(), usedforsecurity=False).hexdigest()

    def ordre(self, table: str, nom: str) -> str:
        """L'ordre qui la crée."""
        clause = {"insert": f"with check ({self.condition})", "select": f"using ({self.condition})"}.get(
            self.acte, f"using ({self.condition}) with check ({self.condition})"
        )
        roles = ", ".join(self.roles)
        sorte = " as restrictive" if self.restrictive else ""
        return f'create policy {nom} on "{table}"{sorte} for {self.acte} to {roles} {clause}'
