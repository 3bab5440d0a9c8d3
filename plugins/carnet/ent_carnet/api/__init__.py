"""L'API : les mêmes actes que les pages. Chaque module de ressources s'ajoute à cette liste."""

from __future__ import annotations

from ent_carnet.api import absences, appel, discipline, famille, tableau
from ent_carnet.api.ressources import ressources

__all__ = ["absences", "appel", "discipline", "famille", "ressources", "tableau"]
