"""Le registre d'un établissement, ou de l'académie : les fiches des briques ouvertes, ce qui manque."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from ent_core.socle.calendrier import annee_scolaire
from ent_core.vie_privee.publication import historique, reponses
from ent_core.vie_privee.publication.contenu import contenus
from ent_core.vie_privee.publication.fiche import Cadre, FicheTraitement, Provenance, Rubrique, rediger
from ent_core.vie_privee.publication.reponses import Reponses
from ent_core.vie_privee.registre import Registre

__all__ = ["Mesure", "RegistrePublie", "mesurer", "publier", "traitements_de"]

NOYAU = "noyau"
"""Il est ouvert partout."""


@dataclass(frozen=True, slots=True)
class Mesure:
    """D'où viennent les rubriques d'un registre.

    :param total: rubriques à remplir.
    :param code: remplies par les seules déclarations du code.
    :param instance: déduites de l'annuaire.
    :param repondues: remplies par une réponse.
    """

    total: int
    code: int
    instance: int
    repondues: int

    @property
    def vides(self) -> int:
        """Rubriques qui restent à compléter."""
        return self.total - self.code - self.instance - self.repondues

    @property
    def part_du_code(self) -> float:
        """Part remplie par le code, entre 0 et 1."""
        return self.code / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class RegistrePublie:
    """Un registre, tel qu'il se montre et s'exporte.

    :param uai: établissement ; vide pour toute l'académie.
    :param sans_donnee: titres des briques ouvertes qui ne déclarent aucun traitement.
    """

    uai: str
    etablissement: str
    academie: str
    produit: str
    jour: date
    fiches: tuple[FicheTraitement, ...]
    reponses: Reponses
    sans_donnee: tuple[str, ...]

    @property
    def responsable(self) -> str:
        """Nom sous lequel le registre est publié."""
        return self.etablissement or self.academie

    @property
    def mesure(self) -> Mesure:
        """D'où viennent ses rubriques."""
        return mesurer(self.fiches)

    @property
    def a_completer(self) -> tuple[Rubrique, ...]:
        """Rubriques vides, chacune une fois : y répondre une fois les remplit partout."""
        vides = {
            rubrique.cle: rubrique for fiche in self.fiches for rubrique in fiche.rubriques if rubrique.vide
        }
        return tuple(vides.values())

    def fiche(self, cle: str) -> FicheTraitement | None:
        """Fiche d'un traitement, si ce registre le contient.

        :param cle: clé de traitement.
        """
        return next((fiche for fiche in self.fiches if fiche.cle == cle), None)


def traitements_de(registre: Registre, briques: Collection[str]) -> list[str]:
    """Clés des traitements du noyau et des briques données, dans l'ordre.

    :param registre: déclarations de l'instance.
    :param briques: briques ouvertes.
    """
    ouvertes = {NOYAU, *briques}
    return sorted(
        (cle for cle in registre.traitements if cle.split(".")[0] in ouvertes),
        key=lambda cle: (cle.split(".")[0] != NOYAU, cle),
    )


def publier(
    session: Session, registre: Registre, cadre: Cadre, uai: str | None, briques: Collection[str], jour: date
) -> RegistrePublie:
    """Rédige le registre d'un établissement, ou de l'académie.

    :param session: session de l'établissement, ou de l'académie.
    :param registre: déclarations de l'instance.
    :param cadre: ce que l'instance sait d'elle-même et de l'établissement.
    :param uai: établissement ; ``None`` pour toute l'académie.
    :param briques: briques ouvertes.
    :param jour: le jour.
    """
    repondu = reponses.lire(session, uai, jour, annee_scolaire(jour))
    vigueurs = historique.vigueurs(session)
    dedans = contenus(registre)
    cles = traitements_de(registre, briques)
    return RegistrePublie(
        uai=uai or "",
        etablissement=cadre.etablissement,
        academie=cadre.academie,
        produit=cadre.produit,
        jour=jour,
        fiches=tuple(
            rediger(registre.traitements[cle], dedans[cle], cadre, repondu, vigueurs.get(cle)) for cle in cles
        ),
        reponses=repondu,
        sans_donnee=tuple(
            cadre.briques.get(brique, brique)
            for brique in sorted(set(briques) - {cle.split(".")[0] for cle in cles})
        ),
    )


def mesurer(fiches: Iterable[FicheTraitement]) -> Mesure:
    """Compte d'où viennent les rubriques.

    :param fiches: fiches d'un registre.
    """
    toutes = [rubrique for fiche in fiches for rubrique in fiche.rubriques]
    remplies = [rubrique.provenance for rubrique in toutes if not rubrique.vide]
    code, instance = remplies.count(Provenance.CODE), remplies.count(Provenance.INSTANCE)
    return Mesure(len(toutes), code, instance, len(remplies) - code - instance)
