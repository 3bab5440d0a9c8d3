"""La génération complète : tous les bassins, écrits au fil de l'eau."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ent_core.demo.bassins import composer_bassin
from ent_core.demo.ecriture_aaf import ecrire_bassin, ecrire_nomenclatures
from ent_core.demo.ecriture_sts import ecrire_sts
from ent_core.demo.etablissements import Taille
from ent_core.demo.fichiers_aaf import EcrivainAaf, archiver
from ent_core.demo.modele import Bassin
from ent_core.socle.calendrier import annee_scolaire
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee

__all__ = ["ResumeGeneration", "generer", "preparer_dossier", "verifier_taille"]

_AU_PLUS_D_ETABLISSEMENTS = 7_500
_ELEVES_AU_MOINS, _ELEVES_AU_PLUS = 30, 3_000


@dataclass(frozen=True, slots=True)
class ResumeGeneration:
    """Ce qui a été écrit.

    :param aaf: dossier des fichiers de l'annuaire académique.
    :param sts: dossier des fichiers STS, deux par établissement.
    :param archive: archive .tgz des fichiers AAF, si elle a été demandée.
    :param fichiers: nombre de fichiers, hors archive.
    :param cas: cas particuliers du premier bassin, avec les identifiants des personnes en cause.
    """

    aaf: Path
    sts: Path
    archive: Path | None
    etablissements: int
    divisions: int
    groupes: int
    eleves: int
    responsables: int
    personnels: int
    cours: int
    fichiers: int
    cas: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def personnes(self) -> int:
        """Nombre de fiches de personne."""
        return self.eleves + self.responsables + self.personnels


def verifier_taille(etablissements: int, eleves: int | None) -> Taille:
    """La taille demandée, si elle est acceptable.

    :raises DonneeInvalide: trop, ou trop peu.
    """
    if not 1 <= etablissements <= _AU_PLUS_D_ETABLISSEMENTS:
        raise DonneeInvalide(
            f"{etablissements} établissements : les UAI et identifiants fictifs n'y suffisent pas.",
            remede=f"demander de 1 à {_AU_PLUS_D_ETABLISSEMENTS} établissements.",
        )
    if eleves is not None and not _ELEVES_AU_MOINS <= eleves <= _ELEVES_AU_PLUS:
        raise DonneeInvalide(
            f"{eleves} élèves par établissement : trop ou trop peu pour former des classes.",
            remede=f"demander de {_ELEVES_AU_MOINS} à {_ELEVES_AU_PLUS} élèves par établissement.",
        )
    return Taille(etablissements, eleves)


def preparer_dossier(dossier: Path) -> None:
    """Crée un dossier vide.

    :raises OperationRefusee: il contient déjà quelque chose ; des fichiers de deux livraisons se mêleraient.
    """
    dossier.mkdir(parents=True, exist_ok=True)
    if any(dossier.iterdir()):
        raise OperationRefusee(
            "Le dossier contient déjà des fichiers, qui se mêleraient aux nouveaux.",
            lieu=str(dossier),
            remede="le vider, ou en choisir un autre.",
        )


def generer(
    dossier: Path,
    *,
    etablissements: int,
    graine: int = 2026,
    jour: date,
    eleves_par_etablissement: int | None = None,
    archive: bool = False,
    progression: Callable[[int, int], None] | None = None,
) -> ResumeGeneration:
    """Écrit une académie fictive : annuaire (AAF, extraction complète) et emplois du temps (STS).

    Mêmes arguments, mêmes octets. La mémoire employée ne dépend pas du nombre d'établissements.

    :param dossier: reçoit les sous-dossiers « aaf » et « sts », qui doivent être absents ou vides.
    :param graine: graine du hasard.
    :param jour: date de l'extraction ; l'année scolaire en découle.
    :param eleves_par_etablissement: effectif de chaque établissement ; sans valeur, 150 jusqu'à dix
        établissements, au-delà la taille réelle de chaque type.
    :param archive: vrai pour écrire aussi une archive .tgz des fichiers AAF.
    :param progression: appelée après chaque bassin avec les établissements écrits et leur total.
    :raises DonneeInvalide: taille impossible.
    :raises OperationRefusee: dossier non vide.
    """
    taille = verifier_taille(etablissements, eleves_par_etablissement)
    aaf, sts = dossier / "aaf", dossier / "sts"
    preparer_dossier(aaf)
    preparer_dossier(sts)
    annee = annee_scolaire(jour)
    total = _Total()
    with EcrivainAaf(aaf, jour) as ecrivain:
        ecrire_nomenclatures(ecrivain)
        for rang in range(taille.bassins):
            bassin = composer_bassin(taille, rang, graine, annee)
            ecrire_bassin(ecrivain, bassin)
            for etablissement in bassin.etablissements:
                ecrire_sts(sts, etablissement, bassin.personnels, annee)
            total.ajouter(bassin)
            if progression is not None:
                progression(total.etablissements, etablissements)
    chemin = None
    if archive:
        chemin = dossier / f"ENT2DVA.{jour:%Y%m%d}.tgz"
        archiver(chemin, ecrivain.fichiers)
    return ResumeGeneration(
        aaf=aaf,
        sts=sts,
        archive=chemin,
        etablissements=total.etablissements,
        divisions=total.divisions,
        groupes=total.groupes,
        eleves=total.eleves,
        responsables=total.responsables,
        personnels=total.personnels,
        cours=total.cours,
        fichiers=len(ecrivain.fichiers) + 2 * total.etablissements,
        cas=total.cas,
    )


@dataclass(slots=True)
class _Total:
    """Les comptes courants de la génération."""

    etablissements: int = 0
    divisions: int = 0
    groupes: int = 0
    eleves: int = 0
    responsables: int = 0
    personnels: int = 0
    cours: int = 0
    cas: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def ajouter(self, bassin: Bassin) -> None:
        self.etablissements += len(bassin.etablissements)
        self.divisions += sum(len(e.divisions) for e in bassin.etablissements)
        self.groupes += sum(len(e.groupes) for e in bassin.etablissements)
        self.eleves += len(bassin.eleves)
        self.responsables += len(bassin.responsables)
        self.personnels += len(bassin.personnels)
        self.cours += sum(len(s.cours) for e in bassin.etablissements for s in e.services)
        if bassin.rang == 0:
            self.cas = bassin.cas
