"""Les élèves d'un bassin : fratries réparties entre établissements, et cas particuliers voulus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ent_core.demo.calendrier_scolaire import rentree
from ent_core.demo.etablissements import communes
from ent_core.demo.familles import (
    Foyer,
    Fratrie,
    Situation,
    aide_sociale,
    composer_foyer,
    soi_meme,
    tirer_situation,
)
from ent_core.demo.modele import (
    Division,
    Eleve,
    Etablissement,
    Groupe,
    LienResponsable,
    Personnel,
    Responsable,
)
from ent_core.demo.nomenclatures import NIVEAUX, REGIMES
from ent_core.demo.noms import Hasard
from ent_core.demo.numeros import Numeros

__all__ = ["Peuplement", "Place"]

_ENFANTS, _FREQUENCES_ENFANTS = (1, 2, 3, 4), (62, 28, 8, 2)
_LIBELLES_REGIMES = tuple(libelle for libelle, _ in REGIMES)
_POIDS_REGIMES = tuple(poids for _, poids in REGIMES)
_AGE_DE_PARENT = (36, 56)
_TERMINALES = frozenset({"TG", "TPRO"})


@dataclass(frozen=True, slots=True)
class Place:
    """Une place d'élève dans une division."""

    etablissement: Etablissement
    division: Division


class Peuplement:
    """Remplit les divisions d'un bassin.

    :param agents: agents du bassin ; quelques-uns sont aussi des parents.
    :param annee: année scolaire.
    """

    def __init__(
        self,
        etablissements: Sequence[Etablissement],
        agents: Sequence[Personnel],
        annee: int,
        numeros: Numeros,
        hasard: Hasard,
    ) -> None:
        self.annee = annee
        self.numeros = numeros
        self.hasard = hasard
        self.agents = agents
        self.eleves: list[Eleve] = []
        self.responsables: list[Responsable] = []
        self.cas: dict[str, tuple[int, ...]] = {}
        self.ase = numeros.personne()
        self.places_ase: list[int] = []
        self.communes = {e.rang: (e.adresse.code_postal, e.adresse.ville) for e in etablissements}
        self.groupes = {
            (e.cle, d.code): _par_ensemble(g for g in e.groupes if d.code in g.divisions)
            for e in etablissements
            for d in e.divisions
        }
        self.effectifs: dict[tuple[int, str], int] = {}
        self.places = [Place(e, d) for e in etablissements for d in e.divisions for _ in range(d.effectif)]
        hasard.alea.shuffle(self.places)

    def remplir(self) -> None:
        """Pourvoit toutes les places : d'abord les cas particuliers, puis des fratries au hasard."""
        self._cas_particuliers()
        enseignants = self._agents_parents()[1::12]
        while self.places:
            taille = self.hasard.alea.choices(_ENFANTS, _FREQUENCES_ENFANTS)[0]
            places = [self.places.pop() for _ in range(min(taille, len(self.places)))]
            agent = enseignants.pop() if enseignants and self.hasard.chance(0.02) else None
            situation = Situation.COUPLE if agent is not None else tirer_situation(self.hasard)
            self.installer(places, situation, agent=agent)
        if self.places_ase:
            siege = communes(self.numeros.bassin)[0]
            self.responsables.append(aide_sociale(self.ase, self.places_ase, siege, self.hasard))

    def installer(
        self,
        places: Sequence[Place],
        situation: Situation,
        *,
        nom: str = "",
        prenom: str = "",
        agent: Personnel | None = None,
        majeur: bool = False,
        arrivee: date | None = None,
    ) -> list[Eleve]:
        """Installe une fratrie et ses responsables.

        :param places: une place par enfant.
        :param nom: nom imposé (homonymes) ; de même pour le prénom.
        :param majeur: vrai si l'enfant doit être majeur à la rentrée.
        :param arrivee: date d'entrée, si elle n'est pas celle de la rentrée.
        """
        cles = tuple(self.numeros.personne() for _ in places)
        commune = self.communes[places[0].etablissement.rang]
        foyer = composer_foyer(
            Fratrie(cles, commune, situation, nom, agent), self.ase, self.numeros, self.hasard
        )
        self.responsables.extend(foyer.responsables)
        if situation is Situation.ASE:
            self.places_ase.extend(cles)
        ancre = self.hasard.alea.randrange(45, 320)
        naissances: dict[int, date] = {}
        fratrie = [
            self._eleve(
                cle, place, foyer, self._naissance(place, ancre, naissances, len(places), majeur), prenom
            )
            for cle, place in zip(cles, places, strict=True)
        ]
        if arrivee is not None:
            fratrie = [replace(eleve, entree=arrivee) for eleve in fratrie]
        self.eleves.extend(fratrie)
        return fratrie

    def _naissance(
        self, place: Place, ancre: int, naissances: dict[int, date], enfants: int, majeur: bool
    ) -> date:
        """Une naissance cohérente avec le niveau ; frères et sœurs de même niveau sont jumeaux."""
        annee = self.annee - NIVEAUX[place.division.niveau].age
        if majeur:
            return date(self.annee - 18, 1, 1) + timedelta(days=ancre * 200 // 365)
        if annee not in naissances:
            alea = self.hasard.alea
            if enfants == 1:
                decalage = alea.choices((0, -1, 1), (87, 10, 3))[0]
                naissances[annee] = date(annee + decalage, 1, 1) + timedelta(days=alea.randrange(365))
            else:
                naissances[annee] = date(annee, 1, 1) + timedelta(days=ancre + alea.randrange(-45, 46))
        return naissances[annee]

    def _eleve(self, cle: int, place: Place, foyer: Foyer, naissance: date, prenom: str) -> Eleve:
        hasard, division = self.hasard, place.division
        # Les homonymes, seuls à avoir un prénom imposé, sont des filles.
        fille = bool(prenom) or hasard.chance(0.5)
        prenoms = (prenom,) if prenom else hasard.prenoms_enfant(foyer.aire, fille)
        civilite = "Mme" if fille else "M."
        liens: tuple[LienResponsable, ...] = foyer.liens
        debut = rentree(self.annee)
        if division.niveau in _TERMINALES and naissance <= debut.replace(year=self.annee - 18):
            fiche, liens = soi_meme(
                cle, civilite, foyer.nom_usage, prenoms[0], naissance, foyer, self.numeros, hasard
            )
            self.responsables.append(fiche)
            self.cas.setdefault("eleve_majeur", (cle, fiche.cle))
        groupes = self._groupes(place)
        lignes = [ligne.matiere for ligne in NIVEAUX[division.niveau].lignes]
        return Eleve(
            cle=cle,
            numero_siecle=self.numeros.siecle(cle),
            ine="" if hasard.chance(0.003) else self.numeros.ine(cle),
            civilite=civilite,
            nom_naissance=foyer.nom_naissance,
            nom_usage=foyer.nom_usage,
            prenoms=prenoms,
            naissance=naissance,
            adresse=foyer.adresse,
            cohabitants=foyer.cohabitants,
            liens=liens,
            boursier=hasard.chance(0.24),
            transport=hasard.chance(0.3),
            regime=hasard.alea.choices(_LIBELLES_REGIMES, _POIDS_REGIMES)[0],
            etablissement=place.etablissement.cle,
            division=division.code,
            niveau=division.niveau,
            groupes=tuple(g.code for g in groupes),
            matieres=tuple(dict.fromkeys((*lignes, *(g.matiere for g in groupes if g.matiere)))),
            entree=debut,
            sortie=None,
        )

    def _groupes(self, place: Place) -> list[Groupe]:
        """Un groupe par ensemble de groupes parallèles, ou aucun pour une option que l'élève ne suit pas."""
        cle = place.etablissement.cle
        choisis = []
        for paralleles in self.groupes[cle, place.division.code]:
            if paralleles[0].poids == 0:
                groupe = min(paralleles, key=lambda g: self.effectifs.get((cle, g.code), 0))
            elif self.hasard.chance(paralleles[0].part):
                groupe = self.hasard.alea.choices(paralleles, [g.poids for g in paralleles])[0]
            else:
                continue
            self.effectifs[cle, groupe.code] = self.effectifs.get((cle, groupe.code), 0) + 1
            choisis.append(groupe)
        return choisis

    def _agents_parents(self) -> list[Personnel]:
        """Les enseignants d'un seul établissement, d'âge à avoir un adolescent."""
        return [
            agent
            for agent in self.agents
            if agent.discipline
            and len(agent.fonctions) == 1
            and agent.naissance.year + _AGE_DE_PARENT[0]
            <= self.annee
            <= agent.naissance.year + _AGE_DE_PARENT[1]
        ]

    def prendre(self, convient: Callable[[Place], bool]) -> Place | None:
        """Retire et rend la première place qui convient."""
        for rang, place in enumerate(self.places):
            if convient(place):
                return self.places.pop(rang)
        return None

    def _plusieurs(self, *conditions: Callable[[Place], bool]) -> list[Place]:
        """Une place par condition, ou aucune si l'une manque."""
        prises: list[Place] = []
        for condition in conditions:
            place = self.prendre(condition)
            if place is None:
                self.places.extend(prises)
                return []
            prises.append(place)
        return prises

    def _cas_particuliers(self) -> None:
        rangs = list(self.communes)
        ici, ailleurs = rangs[0], rangs[-1]

        def chez(rang: int) -> Callable[[Place], bool]:
            return lambda place: place.etablissement.rang == rang

        def dans(modele: Place) -> Callable[[Place], bool]:
            return lambda place: place == modele

        modele = self.places[0]
        self._homonymes("homonymes_meme_classe", self._plusieurs(dans(modele), dans(modele)))
        autre_division = self._plusieurs(
            chez(modele.etablissement.rang),
            lambda p: p.etablissement.rang == modele.etablissement.rang and p.division != modele.division,
        )
        self._homonymes("homonymes_meme_etablissement", autre_division)
        if len(rangs) > 1:
            fratrie = self._plusieurs(*(chez(rang) for rang in rangs))
            self._noter("fratrie_entre_etablissements", self.installer(fratrie, Situation.COUPLE))
        self._noter(
            "parents_separes", self.installer(self._plusieurs(chez(ici), chez(ici)), Situation.SEPARES)
        )
        self._noter("mere_seule", self.installer(self._plusieurs(chez(ici)), Situation.MERE_SEULE))
        self._noter("quatre_enfants", self.installer(self._plusieurs(*[chez(ici)] * 4), Situation.COUPLE))
        self._noter("aide_sociale", self.installer(self._plusieurs(chez(ici)), Situation.ASE))
        self._noter("tuteur", self.installer(self._plusieurs(chez(ici)), Situation.TUTEUR))
        for agent in self._agents_parents()[:1]:
            (enfant,) = self.installer(self._plusieurs(chez(ailleurs)), Situation.COUPLE, agent=agent)
            parent = next(r for r in self.responsables if enfant.cle in r.eleves and r.naissance is not None)
            self.cas["parent_enseignant"] = (agent.cle, parent.cle, enfant.cle)
        for place in self._plusieurs(lambda p: p.division.niveau in _TERMINALES):
            self.installer([place], Situation.COUPLE, majeur=True)
        sans_ine = self.installer(self._plusieurs(chez(ici)), Situation.COUPLE)
        self.eleves[-1] = replace(sans_ine[0], ine="")
        self._noter("sans_ine", sans_ine)
        sortant = self.installer(self._plusieurs(chez(ici)), Situation.COUPLE)
        self.eleves[-1] = replace(sortant[0], sortie=date(self.annee, 10, 9))
        self._noter("sortant", sortant)

    def _homonymes(self, cas: str, places: Sequence[Place]) -> None:
        """Deux élèves de même nom et de même prénom, de familles différentes."""
        aire = self.hasard.aire()
        nom, prenom = self.hasard.nom(aire), self.hasard.prenom_enfant(aire, True)
        paires = [self.installer([p], Situation.COUPLE, nom=nom, prenom=prenom)[0] for p in places]
        self._noter(cas, paires)

    def _noter(self, cas: str, eleves: Sequence[Eleve]) -> None:
        if eleves:
            self.cas[cas] = tuple(e.cle for e in eleves)


def _par_ensemble(groupes: Iterable[Groupe]) -> tuple[tuple[Groupe, ...], ...]:
    ensembles: dict[str, list[Groupe]] = {}
    for groupe in groupes:
        ensembles.setdefault(groupe.ensemble, []).append(groupe)
    return tuple(tuple(paralleles) for paralleles in ensembles.values())
