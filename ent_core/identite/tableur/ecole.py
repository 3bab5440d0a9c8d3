"""L'école que la liste vient compléter : ce qu'elle tient déjà, et les gestes permis, comptés un à un."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.lots import Ecart, source_d_ecole
from ent_core.identite.modeles import (
    Division,
    Groupe,
    Identifiant,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Service,
)
from ent_core.identite.tableur.cles import cle_de_comparaison

__all__ = ["FORMAT", "IDENTIFIANT", "INE", "Ecole"]

FORMAT = "tableur"
IDENTIFIANT = "identifiant"
INE = "INE"

_ANNUAIRE = "AAF:"
_PAR_FOIS = 500
_OBJETS = (
    "Personnes",
    "Rattachements",
    "Classes",
    "Groupes",
    "Inscriptions",
    "Scolarités",
    "Responsabilités",
    "Services",
)
_Identite = tuple[str, str]
_Structure = TypeVar("_Structure", Division, Groupe)


class Ecole:
    """Une école, une année, un jour : l'annuaire chargé d'un coup, et ce que la liste y change.

    :param session: session ouverte dans l'établissement.
    :param jour: jour où les liens s'ouvrent ou se ferment.
    :param nom: nom du fichier, pour les constats.
    """

    def __init__(self, session: Session, uai: str, annee: int, jour: date, nom: str) -> None:
        self.session, self.uai, self.annee, self.jour = session, uai, annee, jour
        self.source = source_d_ecole(FORMAT, uai)
        self.constats: list[Constat] = []
        self.vues: set[UUID] = set()
        self._nom = nom
        self._gestes: Counter[tuple[str, str]] = Counter()
        self._reserve: list[UUID] = []
        self._liens: list[object] = []
        # Les liens passés comptent pour retrouver qui revient, jamais pour dire ce qu'il est aujourd'hui.
        self.rattachements: list[Rattachement] = []
        self.profils: defaultdict[UUID, set[str]] = defaultdict(set)
        self._titres: defaultdict[UUID, set[str]] = defaultdict(set)
        for rattachement in session.scalars(select(Rattachement).where(Rattachement.uai == uai)):
            self._titres[rattachement.personne_id].add(rattachement.profil)
            if rattachement.debut <= jour and (rattachement.fin is None or rattachement.fin > jour):
                self.rattachements.append(rattachement)
                self.profils[rattachement.personne_id].add(rattachement.profil)
        ids = list(self._titres)
        self.personnes = {p.id: p for p in session.scalars(select(Personne).where(Personne.id.in_(ids)))}
        self._identifiants: dict[tuple[str, str], UUID] = {}
        self._numeros: defaultdict[UUID, set[str]] = defaultdict(set)
        self._annuaire: set[UUID] = set()
        for identifiant in session.scalars(select(Identifiant).where(Identifiant.personne_id.in_(ids))):
            self._connaitre(identifiant)
        self._identites: defaultdict[_Identite, set[UUID]] = defaultdict(set)
        for personne in self.personnes.values():
            self._indexer(personne)
        self._fermees: dict[tuple[type[Base], str], Division | Groupe] = {}
        self._divisions = self._structures(Division)
        self._groupes = self._structures(Groupe)
        self.inscriptions: defaultdict[UUID, list[Inscription]] = defaultdict(list)
        for inscription in session.scalars(
            select(Inscription).where(
                Inscription.uai == uai, Inscription.annee == annee, en_vigueur(Inscription, jour)
            )
        ):
            self.inscriptions[inscription.personne_id].append(inscription)

    # --- Retrouver ---------------------------------------------------------------------------------

    def par_identifiant(self, type_: str, valeur: str) -> UUID | None:
        """Personne de l'école qui porte cet identifiant."""
        return self._identifiants.get((type_, valeur)) if valeur else None

    def homonymes(
        self,
        noms: Iterable[str],
        prenom: str,
        profils: Iterable[str],
        naissance: date | None = None,
        numero: str = "",
    ) -> set[UUID]:
        """Personnes de l'école aux mêmes nom et prénom, parmi ces profils, présents ou passés.

        :param noms: nom de famille et nom d'usage.
        :param naissance: si elle est donnée, une autre date écarte ; une date inconnue n'est pas la même.
        :param numero: identifiant de la ligne ; qui en porte un autre est quelqu'un d'autre.
        """
        admis = set(profils)
        return {
            trouvee
            for nom in filter(None, noms)
            for trouvee in self._identites.get((cle_de_comparaison(nom), cle_de_comparaison(prenom)), ())
            if self._titres[trouvee] & admis
            and not (numero and self._numeros[trouvee] - {numero})
            and (naissance is None or self.personnes[trouvee].naissance == naissance)
        }

    def vient_de_l_annuaire(self, personne: UUID) -> bool:
        """L'annuaire fédérateur la tient : une liste ne corrige ni son identité, ni ses classes."""
        return personne in self._annuaire

    def accueillir(self, personne: Personne) -> None:
        """Ajoute à l'école une personne connue ailleurs."""
        self.personnes[personne.id] = personne
        for identifiant in self.session.scalars(
            select(Identifiant).where(Identifiant.personne_id == personne.id)
        ):
            self._connaitre(identifiant)
        self._indexer(personne)

    # --- Agir --------------------------------------------------------------------------------------

    def creer(self, identifiants: dict[str, str], **valeurs: object) -> Personne:
        """Crée une personne et ses identifiants."""
        personne = Personne(id=self.nouvel_id(), **valeurs)
        self.session.add(personne)
        self.personnes[personne.id] = personne
        self._indexer(personne)
        self.identifier(personne.id, identifiants)
        self.compter("Personnes", "ajouts")
        return personne

    def identifier(self, personne: UUID, identifiants: dict[str, str]) -> None:
        """Garde les identifiants que la liste apporte, s'ils manquent."""
        for type_, valeur in identifiants.items():
            if valeur and (type_, valeur) not in self._identifiants:
                nouveau = Identifiant(source=self.source, type=type_, valeur=valeur, personne_id=personne)
                self._liens.append(nouveau)
                self._connaitre(nouveau)

    def mettre_a_jour(self, personne: Personne, **valeurs: object) -> None:
        """Change ce que la liste dit autrement ; un vide n'efface rien, et qui revient quitte le sursis."""
        nouvelles = {
            cle: valeur
            for cle, valeur in valeurs.items()
            if valeur and getattr(personne, cle) != valeur and not self.vient_de_l_annuaire(personne.id)
        }
        if personne.sursis_depuis is not None:
            nouvelles |= {"sursis_depuis": None, "suppression_le": None}
        for cle, valeur in nouvelles.items():
            setattr(personne, cle, valeur)
        self._indexer(personne)
        self.compter("Personnes", "modifications" if nouvelles else "inchanges")

    def rattacher(self, personne: UUID, profil: Profil, fonction: str | None) -> None:
        """Ouvre un rattachement, s'il n'y en a pas déjà un de ce profil."""
        if profil.value in self.profils[personne]:
            self.compter("Rattachements", "inchanges")
            return
        nouveau = Rattachement(
            uai=self.uai,
            id=self.nouvel_id(),
            personne_id=personne,
            profil=profil.value,
            fonction=fonction,
            source=self.source,
            debut=self.jour,
        )
        self.ouvrir(nouveau, "Rattachements")
        self.profils[personne].add(profil.value)
        self._titres[personne].add(profil.value)

    def division(self, texte: str, *, creer: bool) -> UUID | None:
        """Division de ce nom ou de ce code ; au besoin, créée."""
        cle = cle_de_comparaison(texte)
        if cle not in self._divisions and creer:
            self._divisions[cle] = self._nouvelle_structure(Division, texte, "Classes")
        return self._divisions.get(cle)

    def groupe(self, texte: str) -> UUID:
        """Groupe de ce nom ou de ce code ; au besoin, créé."""
        cle = cle_de_comparaison(texte)
        if cle not in self._groupes:
            self._groupes[cle] = self._nouvelle_structure(Groupe, texte, "Groupes")
        return self._groupes[cle]

    def inscrire(self, eleve: UUID, division: UUID | None, groupes: set[UUID]) -> None:
        """Place un élève : une division remplace la précédente, des groupes donnés les précédents."""
        tenues = self.inscriptions[eleve]
        divisions = {division} if division else {i.division_id for i in tenues if i.division_id}
        voulus = groupes or {i.groupe_id for i in tenues if i.groupe_id}
        presentes: set[UUID | None] = set()
        for inscription in list(tenues):
            structure = inscription.division_id or inscription.groupe_id
            if structure in divisions | voulus:
                presentes.add(structure)
                self.compter("Inscriptions", "inchanges")
            else:
                self.clore(inscription, "Inscriptions")
                tenues.remove(inscription)
        for manquante, colonne in [(d, "division_id") for d in divisions] + [
            (g, "groupe_id") for g in voulus
        ]:
            if manquante not in presentes:
                nouvelle = Inscription(
                    uai=self.uai,
                    annee=self.annee,
                    id=self.nouvel_id(),
                    personne_id=eleve,
                    debut=self.jour,
                    **{colonne: manquante},
                )
                self.ouvrir(nouvelle, "Inscriptions")
                tenues.append(nouvelle)

    def ouvrir(self, lien: object, objet: str) -> None:
        """Ajoute un lien ; il est écrit par ``terminer``."""
        self._liens.append(lien)
        self.compter(objet, "ajouts")

    def terminer(self) -> None:
        """Écrit tout : les personnes et les structures d'abord, les liens qui s'y réfèrent ensuite."""
        self.session.flush()
        self.session.add_all(self._liens)
        self.session.flush()

    def clore(self, lien: Inscription | Rattachement | Responsabilite | Service, objet: str) -> None:
        """Ferme un lien aujourd'hui ; ouvert du jour même, il n'a jamais eu cours et disparaît."""
        if lien.debut >= self.jour:
            self.session.delete(lien)
        else:
            lien.fin = self.jour
        self.compter(objet, "retraits")

    def compter(self, objet: str, geste: str) -> None:
        """Compte un geste."""
        self._gestes[objet, geste] += 1

    def constater(self, ligne: int | None, code: str, motif: str, gravite: Gravite = Gravite.REJET) -> None:
        """Met de côté, ou signale."""
        self.constats.append(Constat(self._nom, ligne, "", code, motif, gravite))

    def ecarts(self) -> tuple[Ecart, ...]:
        """Ce qui a été compté, sans les objets que la liste ne touche pas."""
        return tuple(
            Ecart(objet, **{geste: nombre for (sien, geste), nombre in self._gestes.items() if sien == objet})
            for objet in _OBJETS
            if any(sien == objet for sien, _ in self._gestes)
        )

    # --- Dedans ------------------------------------------------------------------------------------

    def nouvel_id(self) -> UUID:
        """Identifiants donnés par la base, par paquets : un aller-retour pour beaucoup de lignes."""
        if not self._reserve:
            demande = text("select ent_uuid7() from generate_series(1, :nombre)")
            self._reserve = list(self.session.scalars(demande, {"nombre": _PAR_FOIS}))[::-1]
        return self._reserve.pop()

    def _connaitre(self, identifiant: Identifiant) -> None:
        if identifiant.source == self.source and identifiant.type == IDENTIFIANT:
            self._numeros[identifiant.personne_id].add(identifiant.valeur)
        if identifiant.source == self.source or identifiant.type == INE:
            self._identifiants[identifiant.type, identifiant.valeur] = identifiant.personne_id
        if identifiant.source.startswith(_ANNUAIRE):
            self._annuaire.add(identifiant.personne_id)

    def _indexer(self, personne: Personne) -> None:
        prenom = cle_de_comparaison(personne.prenom or "")
        for nom in filter(None, (personne.nom, personne.nom_naissance)):
            self._identites[cle_de_comparaison(nom), prenom].add(personne.id)

    def _structures(self, table: type[_Structure]) -> dict[str, UUID]:
        trouvees: dict[str, UUID] = {}
        for structure in self.session.scalars(
            select(table).where(table.uai == self.uai, table.annee == self.annee)
        ):
            if structure.ferme_le is not None:
                self._fermees[table, cle_de_comparaison(structure.code)] = structure
                continue
            trouvees.setdefault(cle_de_comparaison(structure.libelle), structure.id)
            trouvees[cle_de_comparaison(structure.code)] = structure.id
        return trouvees

    def _nouvelle_structure(self, table: type[Division] | type[Groupe], texte: str, objet: str) -> UUID:
        """Crée une structure, ou rouvre celle qui porte déjà ce code : un code ne sert qu'une fois par an."""
        fermee = self._fermees.pop((table, cle_de_comparaison(texte)), None)
        if fermee is not None:
            fermee.ferme_le, fermee.source = None, self.source
            self.compter(objet, "modifications")
            return fermee.id
        valeurs: dict[str, object] = {"mefs": []} if table is Division else {}
        identifiant = self.nouvel_id()
        self.session.add(
            table(
                uai=self.uai,
                annee=self.annee,
                id=identifiant,
                code=texte,
                libelle=texte,
                source=self.source,
                **valeurs,
            )
        )
        self.compter(objet, "ajouts")
        return identifiant

    def rattachements_de_la_liste(self, profils: set[str]) -> Iterator[Rattachement]:
        """Rattachements qu'une liste a ouverts, pour ces profils."""
        return (r for r in self.rattachements if r.source == self.source and r.profil in profils)
