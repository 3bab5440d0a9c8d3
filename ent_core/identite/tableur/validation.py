"""Passer d'un tableau et d'une correspondance à des lignes sûres, des erreurs expliquées et des doublons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ent_core.identite.tableur.champs import CHAMPS, PREFIXE_ENFANT, Champ, Genre
from ent_core.identite.tableur.correspondance import Affectation, Correspondance
from ent_core.identite.tableur.doublons import Doublon, chercher_doublons
from ent_core.identite.tableur.lignes import (
    EnfantCite,
    LigneEleve,
    LigneLue,
    LignePersonnel,
    LigneResponsable,
)
from ent_core.identite.tableur.modeles import ErreurLigne, Ligne, Tableau
from ent_core.identite.tableur.valeurs import ValeurRefusee
from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["ResultatLecture", "valider"]


@dataclass(frozen=True, slots=True)
class ResultatLecture:
    """Ce qu'un fichier apporterait.

    :param lignes: lignes sans aucune erreur, dans l'ordre du fichier, doublons compris.
    :param erreurs: toutes les erreurs de toutes les autres lignes.
    :param doublons: lignes à examiner par une personne ; rien n'est fusionné.
    :param ignorees: en-têtes des colonnes qui n'ont pas été lues.
    """

    genre: Genre
    lignes: tuple[LigneLue, ...]
    erreurs: tuple[ErreurLigne, ...]
    doublons: tuple[Doublon, ...]
    ignorees: tuple[str, ...]


def valider(tableau: Tableau, correspondance: Correspondance, *, aujourd_hui: date) -> ResultatLecture:
    """Lit chaque ligne ; une ligne fautive est mise de côté avec ses raisons, les autres continuent.

    :param correspondance: faite pour les en-têtes de ce tableau.
    :param aujourd_hui: jour présent ; une date de naissance ne peut pas le dépasser.
    :raises DonneeInvalide: correspondance d'un autre fichier, ou sans un champ obligatoire.
    """
    if correspondance.entetes != tableau.entetes:
        raise DonneeInvalide(
            "La correspondance n'a pas été faite pour les en-têtes de ce fichier.",
            remede="choisir de nouveau les colonnes",
            lieu=tableau.nom,
        )
    if correspondance.manquants:
        raise DonneeInvalide(
            f"Aucune colonne n'apporte : {', '.join(correspondance.manquants)}.",
            remede="indiquer la colonne qui les contient, ou l'ajouter au fichier",
            lieu=f"{tableau.nom}, ligne {tableau.ligne_entetes}",
        )
    lecteur = _LecteurDeLigne(tableau, correspondance, aujourd_hui)
    lignes: list[LigneLue] = []
    erreurs: list[ErreurLigne] = []
    for ligne in tableau.lignes:
        lue, refus = lecteur.lire(ligne)
        erreurs.extend(refus)
        if lue is not None:
            lignes.append(lue)
    return ResultatLecture(
        genre=correspondance.genre,
        lignes=tuple(lignes),
        erreurs=tuple(erreurs),
        doublons=chercher_doublons(lignes),
        ignorees=correspondance.ignorees,
    )


class _LecteurDeLigne:
    """Lit les lignes d'un tableau, dans un genre donné."""

    def __init__(self, tableau: Tableau, correspondance: Correspondance, aujourd_hui: date) -> None:
        self._genre = correspondance.genre
        self._champs = {champ.cle: champ for champ in CHAMPS[self._genre]}
        self._largeur = len(tableau.entetes)
        self._entetes = {affectation.champ: affectation.entete for affectation in correspondance.affectations}
        largeur_max = max((len(ligne.cellules) for ligne in tableau.lignes), default=0)
        supplement = _enfants_en_plus(correspondance.affectations, self._largeur, largeur_max)
        self._affectations = (*correspondance.affectations, *supplement)
        self._largeur_lue = self._largeur if not supplement else supplement[-1].indice + 1
        self._aujourd_hui = aujourd_hui

    def lire(self, ligne: Ligne) -> tuple[LigneLue | None, list[ErreurLigne]]:
        """La ligne sûre, ou ``None`` et au moins une erreur."""
        erreurs: list[ErreurLigne] = []
        valeurs: dict[tuple[str, int], object] = {}
        if len(ligne.cellules) > self._largeur_lue:
            # Un séparateur de trop décale tout : lire la suite mettrait des valeurs dans la mauvaise colonne.
            return None, [
                ErreurLigne(
                    ligne.numero,
                    "",
                    "cellules_en_trop",
                    "la ligne a plus de cellules que l'en-tête",
                    "retirer le séparateur de trop, ou mettre la cellule entre guillemets",
                )
            ]
        for affectation in self._affectations:
            cellule = ligne.cellules[affectation.indice] if affectation.indice < len(ligne.cellules) else ""
            champ = self._champs[affectation.champ]
            if not cellule:
                continue
            try:
                valeurs[champ.cle, affectation.rang] = self._lue(champ, cellule)
            except ValeurRefusee as refus:
                erreurs.append(_erreur(ligne, affectation.entete, refus))
        fautifs = {erreur.colonne for erreur in erreurs}
        for champ in self._champs.values():
            entete = self._entetes.get(champ.cle, champ.libelle)
            if champ.obligatoire and (champ.cle, 1) not in valeurs and entete not in fautifs:
                erreurs.append(
                    ErreurLigne(ligne.numero, entete, "valeur_absente", "la cellule est vide", "la remplir")
                )
        enfants: tuple[EnfantCite, ...] = ()
        if self._genre is Genre.RESPONSABLES and not erreurs:
            enfants, refus_enfants = self._enfants(ligne, valeurs)
            erreurs.extend(refus_enfants)
        return (None, erreurs) if erreurs else (self._construire(ligne, valeurs, enfants), [])

    def _lue(self, champ: Champ, cellule: str) -> object:
        valeur = champ.lire(cellule)
        if isinstance(valeur, date) and valeur > self._aujourd_hui:
            raise ValeurRefusee("date_future", "la date est dans l'avenir", "corriger l'année")
        return valeur

    def _enfants(
        self, ligne: Ligne, valeurs: dict[tuple[str, int], object]
    ) -> tuple[tuple[EnfantCite, ...], list[ErreurLigne]]:
        rangs = sorted({rang for cle, rang in valeurs if cle.startswith(PREFIXE_ENFANT)})
        enfants: list[EnfantCite] = []
        for rang in rangs:
            donnees: dict[str, Any] = {
                cle.removeprefix(PREFIXE_ENFANT): valeur
                for (cle, sien), valeur in valeurs.items()
                if sien == rang and cle.startswith(PREFIXE_ENFANT)
            }
            enfant = EnfantCite(**donnees)
            if not (enfant.identifiant or (enfant.nom and enfant.prenom)):
                refus = ValeurRefusee(
                    "enfant_incomplet",
                    f"l'enfant n° {rang} n'a ni identifiant, ni nom et prénom",
                    "compléter son nom et son prénom, ou vider ses cellules",
                )
                return (), [_erreur(ligne, self._entetes.get("enfant_nom", "Nom de l'élève"), refus)]
            enfants.append(enfant)
        if not enfants:
            refus = ValeurRefusee("sans_enfant", "la ligne ne cite aucun élève", "indiquer au moins un élève")
            return (), [_erreur(ligne, self._entetes.get("enfant_nom", "Nom de l'élève"), refus)]
        return tuple(enfants), []

    def _construire(
        self, ligne: Ligne, valeurs: dict[tuple[str, int], object], enfants: tuple[EnfantCite, ...]
    ) -> LigneLue:
        propres: dict[str, Any] = {
            cle: valeur for (cle, _), valeur in valeurs.items() if not cle.startswith(PREFIXE_ENFANT)
        }
        if self._genre is Genre.ELEVES:
            return LigneEleve(ligne=ligne.numero, **propres)
        if self._genre is Genre.RESPONSABLES:
            return LigneResponsable(ligne=ligne.numero, enfants=enfants, **propres)
        return LignePersonnel(ligne=ligne.numero, **propres)


def _erreur(ligne: Ligne, colonne: str, refus: ValeurRefusee) -> ErreurLigne:
    return ErreurLigne(ligne.numero, colonne, refus.code, refus.motif, refus.remede)


def _enfants_en_plus(
    affectations: Sequence[Affectation], largeur: int, largeur_max: int
) -> tuple[Affectation, ...]:
    """Les colonnes sans en-tête d'une famille plus nombreuse que prévu.

    ONDE répète les colonnes d'un enfant autant de fois que l'en-tête le dit, et parfois davantage dans une
    ligne : le dernier bloc, s'il ferme l'en-tête, se prolonge alors à l'identique.
    """
    rang = max((affectation.rang for affectation in affectations), default=1)
    bloc = [affectation for affectation in affectations if affectation.rang == rang > 1]
    if not bloc or [affectation.indice for affectation in bloc] != list(range(largeur - len(bloc), largeur)):
        return ()
    tours = -(-(largeur_max - largeur) // len(bloc))
    return tuple(_blocs_suivants(bloc, tours))


def _blocs_suivants(bloc: Sequence[Affectation], tours: int) -> Iterable[Affectation]:
    for tour in range(1, tours + 1):
        for modele in bloc:
            yield Affectation(
                modele.indice + tour * len(bloc),
                modele.entete,
                modele.champ,
                modele.rang + tour,
                modele.confiance,
            )
