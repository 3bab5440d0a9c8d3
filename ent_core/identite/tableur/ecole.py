"""L'école que la liste vient compléter : ce qu'elle tient déjà, et les gestes permis, comptés un à un."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.lots import Ecart, source_d_ecole
from ent_core.identite.modeles import Division, Groupe, Identifiant, Inscription, Personne, Rattachement
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
        self.rattachements = list(
            session.scalars(select(Rattachement).where(Rattachement.uai == uai, self.en_cours(Rattachement)))
        )
        self.profils: defaultdict[UUID, set[str]] = defaultdict(set)
        for rattachement in self.rattachements:
            self.profils[rattachement.personne_id].add(rattachement.profil)
        ids = list(self.profils)
        self.personnes = {p.id: p for p in session.scalars(select(Personne).where(Personne.id.in_(ids)))}
        self._identifiants: dict[tuple[str, str], UUID] = {}
        self._annuaire: set[UUID] = set()
        for identifiant in session.scalars(select(Identifiant).where(Identifiant.personne_id.in_(ids))):
            self._connaitre(identifiant)
        self._identites: defaultdict[_Identite, set[UUID]] = defaultdict(set)
        for personne in self.personnes.values():
            self._indexer(personne)
        self._divisions = self._structures(Division)
        self._groupes = self._structures(Groupe)
        self.inscriptions: defaultdict[UUID, list[Inscription]] = defaultdict(list)
        for inscription in session.scalars(
            select(Inscription).where(
                Inscription.uai == uai, Inscription.annee == annee, self.en_cours(Inscription)
            )
        ):
            self.inscriptions[inscription.personne_id].append(inscription)

    # --- Retrouver ---------------------------------------------------------------------------------

    def en_cours(self, table: type) -> object:
        """Condition « en cours ce jour »."""
        debut, fin = table.debut, table.fin  # type: ignore[attr-defined] # colonnes communes aux tables datées
        return (debut <= self.jour) & or_(fin.is_(None), fin > self.jour)

    def par_identifiant(self, type_: str, valeur: str) -> UUID | None:
        """Personne de l'école qui porte cet identifiant."""
        return self._identifiants.get((type_, valeur)) if valeur else None

    def homonymes(
        self, noms: Iterable[str], prenom: str, profils: Iterable[str], naissance: date | None = None
    ) -> set[UUID]:
        """Personnes de l'école aux mêmes nom et prénom, parmi ces profils.

        :param noms: nom de famille et nom d'usage.
        :param naissance: si elle est donnée, une autre date écarte ; une date inconnue n'est pas la même.
        """
        admis = set(profils)
        return {
            trouvee
            for nom in filter(None, noms)
            for trouvee in self._identites.get((cle_de_comparaison(nom), cle_de_comparaison(prenom)), ())
            if self.profils[trouvee] & admis
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
        personne = Personne(id=self._nouvel_id(), **valeurs)
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
                self.session.add(nouveau)
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
            id=self._nouvel_id(),
            personne_id=personne,
            profil=profil.value,
            fonction=fonction,
            source=self.source,
            debut=self.jour,
        )
        self._ouvrir(nouveau, "Rattachements")
        self.profils[personne].add(profil.value)
        self.rattachements.append(nouveau)

    def division(self, texte: str, *, creer: bool) -> UUID | None:
        """Division de ce nom ou de ce code ; au besoin, créée."""
        return self._structure(Division, self._divisions, texte, "Classes", creer=creer)

    def groupe(self, texte: str) -> UUID | None:
        """Groupe de ce nom ou de ce code ; au besoin, créé."""
        return self._structure(Groupe, self._groupes, texte, "Groupes", creer=True)

    def inscrire(self, eleve: UUID, division: UUID | None, groupes: set[UUID]) -> None:
        """Place un élève : une division remplace la précédente, des groupes donnés remplacent les précédents."""
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
        for manquante, colonne in [(d, "division_id") for d in divisions] + [(g, "groupe_id") for g in voulus]:
            if manquante not in presentes:
                nouvelle = Inscription(
                    uai=self.uai,
                    annee=self.annee,
                    id=self._nouvel_id(),
                    personne_id=eleve,
                    debut=self.jour,
                    **{colonne: manquante},
                )
                self._ouvrir(nouvelle, "Inscriptions")
                tenues.append(nouvelle)

    def clore(self, lien: Inscription | Rattachement, objet: str) -> None:
        """Ferme un lien aujourd'hui ; rien n'est supprimé."""
        lien.fin = max(lien.debut, self.jour)
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

    def _ouvrir(self, lien: object, objet: str) -> None:
        self.session.add(lien)
        self.compter(objet, "ajouts")

    def _nouvel_id(self) -> UUID:
        """Identifiants donnés par la base, par paquets : un aller-retour pour beaucoup de lignes."""
        if not self._reserve:
            demande = text("select ent_uuid7() from generate_series(1, :nombre)")
            self._reserve = list(self.session.scalars(demande, {"nombre": _PAR_FOIS}))[::-1]
        return self._reserve.pop()

    def _connaitre(self, identifiant: Identifiant) -> None:
        if identifiant.source == self.source or identifiant.type == INE:
            self._identifiants[identifiant.type, identifiant.valeur] = identifiant.personne_id
        if identifiant.source.startswith(_ANNUAIRE):
            self._annuaire.add(identifiant.personne_id)

    def _indexer(self, personne: Personne) -> None:
        prenom = cle_de_comparaison(personne.prenom or "")
        for nom in filter(None, (personne.nom, personne.nom_naissance)):
            self._identites[cle_de_comparaison(nom), prenom].add(personne.id)

    def _structures(self, table: type[Division] | type[Groupe]) -> dict[str, UUID]:
        trouvees: dict[str, UUID] = {}
        for structure in self.session.scalars(
            select(table).where(table.uai == self.uai, table.annee == self.annee, table.ferme_le.is_(None))
        ):
            trouvees.setdefault(cle_de_comparaison(structure.libelle), structure.id)
            trouvees[cle_de_comparaison(structure.code)] = structure.id
        return trouvees

    def _structure(
        self, table: type[Division] | type[Groupe], connues: dict[str, UUID], texte: str, objet: str, *, creer: bool
    ) -> UUID | None:
        cle = cle_de_comparaison(texte)
        if cle not in connues and creer:
            valeurs = {"mefs": []} if table is Division else {}
            nouvelle = table(
                uai=self.uai, annee=self.annee, id=self._nouvel_id(), code=texte, libelle=texte, **valeurs
            )
            self._ouvrir(nouvelle, objet)
            # Les liens s'y réfèrent sans relation déclarée : elle doit exister avant eux.
            self.session.flush([nouvelle])
            connues[cle] = nouvelle.id
        return connues.get(cle)

    def rattachements_de_la_liste(self, profils: set[str]) -> Iterator[Rattachement]:
        """Rattachements qu'une liste a ouverts, pour ces profils."""
        return (r for r in self.rattachements if r.source == self.source and r.profil in profils)
