"""Les passes d'un export : de l'annuaire aux cinq genres de fichiers d'un flux.

Les personnes d'abord : ce qui les retient, elles ou leur établissement, ne reparaît dans aucun lien. Un seul
instantané de la base sert à toutes les passes ; seuls les codes des structures et les fiches écartées
restent en mémoire.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.federation.gar import lectures, liens, noeuds
from ent_core.federation.gar.anomalies import MotifGar, ReleveGar
from ent_core.federation.gar.format import PROFIL_ELEVE, FluxGar, GenreGar, profil_du_gar
from ent_core.federation.gar.lectures import FenetreGar, parcourir
from ent_core.federation.gar.noeuds import FicheGar
from ent_core.federation.gar.paquet import Ecrivain, Paquet

__all__ = ["Passes"]

Avancer = Callable[[str, int, int], None]


@dataclass(slots=True)
class Passes:
    """Les passes d'un flux.

    :param session: session de l'académie, sur un seul instantané.
    :param fenetre: jour, année et établissements du flux.
    :param paquet: archive qui reçoit.
    :param releve: où dire ce qui ne part pas.
    :param avancer: dit où l'on en est.
    """

    session: Session
    fenetre: FenetreGar
    paquet: Paquet
    releve: ReleveGar
    avancer: Avancer
    eleves: Counter[str] = field(default_factory=Counter)
    personnels: Counter[str] = field(default_factory=Counter)
    structures: Counter[str] = field(default_factory=Counter)
    _ecartees: dict[GenreGar, set[UUID]] = field(default_factory=lambda: {g: set() for g in GenreGar})
    _codes: dict[UUID, str] = field(default_factory=dict)
    _formations: set[tuple[str, str]] = field(default_factory=set)

    def tout(self) -> None:
        """Écrit les cinq genres, dans l'ordre où chacun s'appuie sur les précédents."""
        etapes = (
            (GenreGar.ETABLISSEMENT, self._etablissements),
            (GenreGar.ELEVE, self._eleves),
            (GenreGar.ENSEIGNANT, self._personnels),
            (GenreGar.GROUPE, self._groupes),
            (GenreGar.RESP_AFF, self._affectent),
        )
        for rang, (genre, ecrire) in enumerate(etapes):
            self.avancer(f"{self.paquet.nom.degre} {genre}", rang, len(etapes))
            with self.paquet.ecrivain(genre) as ecrivain:
                ecrire(ecrivain)
            self.avancer(f"{self.paquet.nom.degre} {genre}", len(etapes), len(etapes))

    @property
    def _second(self) -> bool:
        return self.paquet.nom.degre is FluxGar.SECOND

    def _lire(self, enonce: Any) -> Iterator[Any]:
        return parcourir(self.session, enonce, self.fenetre)

    def _etablissements(self, ecrivain: Ecrivain) -> None:
        for uai, nom, contrat, telephone, courriel in self._lire(lectures.ETABLISSEMENTS):
            numero = noeuds.telephone(telephone)
            if numero is None:
                self.releve.noter(uai, GenreGar.ETABLISSEMENT, MotifGar.TELEPHONE)
            ecrivain.ecrire(noeuds.etablissement(uai, nom, contrat, numero, courriel))
        # Le premier degré n'a pas de liste de formations ; un code inconnu s'y voit élève par élève.
        for uai, mef, code, libelle, rattachement, mefstat in self._lire(liens.FORMATIONS):
            if code is None or not noeuds.code_sain(mef):
                self.releve.noter(
                    uai, GenreGar.ETABLISSEMENT, MotifGar.FORMATION_INCONNUE, cle=noeuds.propre(mef)
                )
                continue
            self._formations.add((uai, mef))
            if self._second:
                ecrivain.ecrire(noeuds.mef(uai, mef, libelle, rattachement, mefstat))
        if not self._second:
            return
        for uai, code, libelle in self._lire(liens.DISCIPLINES):
            if not noeuds.code_sain(code):
                continue
            if not noeuds.propre(libelle):
                self.releve.noter(uai, GenreGar.ETABLISSEMENT, MotifGar.DISCIPLINE_INCONNUE, cle=code)
            ecrivain.ecrire(noeuds.matiere(uai, code, libelle))

    def _eleves(self, ecrivain: Ecrivain) -> None:
        for fiche in self._fiches(lectures.ELEVES, lambda _titres: PROFIL_ELEVE):
            if self._retenir(GenreGar.ELEVE, fiche, noeuds.defaut(fiche, naissance=True)):
                ecrivain.ecrire(noeuds.eleve(fiche))
                self.eleves.update(uai for uai, _ in fiche.profils)
        for uai, identifiant, personne, mef, code, mefstat in self._lire(liens.FORMATIONS_DES_ELEVES):
            if not self._transmis(GenreGar.ELEVE, identifiant):
                continue
            if mef is None:
                self.releve.noter(uai, GenreGar.ELEVE, MotifGar.FORMATION_ABSENTE, personne)
            elif code is None:
                self.releve.noter(uai, GenreGar.ELEVE, MotifGar.FORMATION_INCONNUE, personne)
            else:
                self._formation(ecrivain, GenreGar.ELEVE, uai, identifiant, personne, code, mefstat)
        if self._second:
            for uai, identifiant, _, matiere in self._lire(liens.ENSEIGNEMENTS):
                if self._transmis(GenreGar.ELEVE, identifiant) and noeuds.code_sain(matiere):
                    ecrivain.ecrire(
                        noeuds.ligne("GAREleveEnseignement", uai, identifiant, "GARMatiereCode", matiere)
                    )

    def _personnels(self, ecrivain: Ecrivain) -> None:
        for fiche in self._fiches(lectures.PERSONNELS, profil_du_gar):
            if self._retenir(GenreGar.ENSEIGNANT, fiche, noeuds.defaut(fiche)):
                ecrivain.ecrire(noeuds.personnel(fiche, avec_courriel=self._second))
                self.personnels.update(uai for uai, _ in fiche.profils)
        lignes = self._lire(liens.FORMATIONS_ENSEIGNEES)
        for (uai, identifiant, personne), suite in groupby(lignes, key=lambda ligne: tuple(ligne[:3])):
            if self._transmis(GenreGar.ENSEIGNANT, identifiant):
                # Deux formations du premier degré peuvent être d'un même niveau.
                par_cle = {code if self._second else (mefstat or "")[:4]: (code, mefstat)
                           for *_, code, mefstat in suite}  # fmt: skip
                for code, mefstat in par_cle.values():
                    self._formation(ecrivain, GenreGar.ENSEIGNANT, uai, identifiant, personne, code, mefstat)

    def _formation(
        self, ecrivain: Ecrivain, genre: GenreGar, uai: str, identifiant: UUID, personne: UUID, code: str,
        mefstat: str | None,
    ) -> None:  # fmt: skip
        if self._second and (uai, code) in self._formations:
            ecrivain.ecrire(noeuds.ligne("GARPersonMEF", uai, identifiant, "GARMEFCode", code))
        elif not self._second:
            niveau = noeuds.propre(mefstat)[:4]
            if len(niveau) < 4:
                self.releve.noter(uai, genre, MotifGar.NIVEAU_INCONNU, personne, code)
                return
            ecrivain.ecrire(noeuds.ligne("GARPersonMEFSTAT4", uai, identifiant, "GARMEFSTAT4Code", niveau))

    def _groupes(self, ecrivain: Ecrivain) -> None:
        pris: set[tuple[str, str]] = set()
        for structure, uai, code, libelle in self._lire(lectures.DIVISIONS):
            if self._prendre(pris, structure, uai, code):
                ecrivain.ecrire(noeuds.division(uai, code, libelle))
        for structure, uai, code, libelle, divisions in self._lire(lectures.GROUPES):
            if self._prendre(pris, structure, uai, code):
                appartenances = sorted(self._codes[d] for d in divisions or () if d in self._codes)
                ecrivain.ecrire(noeuds.groupe(uai, code, libelle, appartenances))
        for uai, identifiant, _, structure in self._lire(liens.GROUPES_DES_ELEVES):
            if structure in self._codes and self._transmis(GenreGar.ELEVE, identifiant):
                self._membre(ecrivain, uai, identifiant, structure)
        for uai, identifiant, _, division, groupe, _, y_est_eleve in self._lire(liens.SERVICES):
            structure = division or groupe
            deja = y_est_eleve and self._transmis(GenreGar.ELEVE, identifiant)
            if structure in self._codes and not deja and self._transmis(GenreGar.ENSEIGNANT, identifiant):
                self._membre(ecrivain, uai, identifiant, structure)
        if self._second:
            self._enseignes(ecrivain, "GAREnsGroupeMatiere", groupes=True)
            self._enseignes(ecrivain, "GAREnsClasseMatiere", groupes=False)

    def _prendre(self, pris: set[tuple[str, str]], structure: UUID, uai: str, code: str) -> bool:
        """Retient une structure, si son code est libre : le GAR n'en admet qu'une par code."""
        if not noeuds.code_sain(code):
            self.releve.noter(uai, GenreGar.GROUPE, MotifGar.CODE_ILLISIBLE, cle=noeuds.propre(code))
            return False
        if (uai, code) in pris:
            self.releve.noter(uai, GenreGar.GROUPE, MotifGar.CODE_PRIS, cle=code)
            return False
        pris.add((uai, code))
        self._codes[structure] = code
        self.structures[uai] += 1
        return True

    def _membre(self, ecrivain: Ecrivain, uai: str, identifiant: UUID, structure: UUID) -> None:
        ecrivain.ecrire(
            noeuds.ligne("GARPersonGroupe", uai, identifiant, "GARGroupeCode", self._codes[structure])
        )

    def _enseignes(self, ecrivain: Ecrivain, noeud: str, *, groupes: bool) -> None:
        for uai, identifiant, _, division, groupe, matieres, _ in self._lire(liens.SERVICES):
            structure = groupe if groupes else division
            disciplines = sorted(filter(noeuds.code_sain, matieres or ()))
            if structure in self._codes and disciplines and self._transmis(GenreGar.ENSEIGNANT, identifiant):
                ecrivain.ecrire(noeuds.enseigne(noeud, uai, identifiant, self._codes[structure], disciplines))

    def _affectent(self, ecrivain: Ecrivain) -> None:
        pourvus: set[str] = set()
        for fiche in self._fiches(lectures.RESPONSABLES_AFFECTATION, lambda _titres: ""):
            if self._retenir(GenreGar.RESP_AFF, fiche, noeuds.defaut(fiche, courriel=True)):
                ecrivain.ecrire(noeuds.resp_aff(fiche))
                pourvus.update(uai for uai, _ in fiche.profils)
        for uai in sorted(set(self.fenetre.uais) - pourvus):
            self.releve.noter(uai, GenreGar.RESP_AFF, MotifGar.SANS_AFFECTATION)

    def _fiches(
        self, enonce: Any, profil: Callable[[frozenset[tuple[str, str | None]]], str | None]
    ) -> Iterator[FicheGar]:
        """Une fiche par personne : ses lignes se suivent, une par établissement et par titre."""
        for _, lignes in groupby(self._lire(enonce), key=lambda ligne: ligne[0]):
            par_uai: dict[str, set[tuple[str, str | None]]] = {}
            for p in lignes:
                par_uai.setdefault(p.uai, set()).add((p.profil, p.fonction))
            profils = ((uai, profil(frozenset(titres))) for uai, titres in par_uai.items())
            yield FicheGar(
                identifiant=p.identifiant,
                personne_id=p.id,
                nom=p.nom,
                prenom=p.prenom,
                nom_naissance=p.nom_naissance,
                autres_prenoms=tuple(p.autres_prenoms),
                civilite=p.civilite,
                naissance=p.naissance,
                courriel=p.courriel,
                profils=tuple((uai, valeur) for uai, valeur in profils if valeur is not None),
            )

    def _retenir(self, genre: GenreGar, fiche: FicheGar, motif: MotifGar | None) -> bool:
        """Vrai si la fiche part ; sinon, dit pourquoi à chacun de ses établissements, et s'en souvient."""
        if motif is None:
            return True
        self._ecartees[genre].add(fiche.identifiant)
        for uai, _ in fiche.profils:
            self.releve.noter(uai, genre, motif, fiche.personne_id)
        return False

    def _transmis(self, genre: GenreGar, identifiant: UUID) -> bool:
        return identifiant not in self._ecartees[genre]
