"""Les ouvertures de briques décidées par le fichier de configuration."""

from __future__ import annotations

from datetime import date, timedelta

from ent_core.socle.section import Section

__all__ = ["BasculeFichier"]


class BasculeFichier(Section, frozen=True, kw_only=True):
    """Ouverture d'une brique décidée par fichier.

    :param brique: identifiant de la brique.
    :param etablissements: codes UAI ; vide, toute l'académie.
    :param ouverte: ouvrir, ou fermer.
    :param du: premier jour ; absent, depuis toujours.
    :param au: dernier jour, compris ; absent, sans fin.
    """

    brique: str
    etablissements: tuple[str, ...] = ()
    ouverte: bool = True
    du: date | None = None
    au: date | None = None

    def __post_init__(self) -> None:
        if self.au == date.max:
            raise ValueError("« au » n'a pas de lendemain : l'omettre, pour une bascule sans fin")

    @property
    def fin(self) -> date | None:
        """Lendemain du dernier jour : à l'intérieur, tout intervalle est semi-ouvert."""
        return None if self.au is None else self.au + timedelta(days=1)
