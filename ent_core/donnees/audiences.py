"""Les audiences : ce que chaque rôle de l'ENT peut lire et écrire, table par table, tiré des déclarations.

Une *audience* est le rôle de base d'un rôle de l'ENT. Le portillon et les droits de la base sont deux
lectures du même calcul : ce que l'un refuse, l'autre le refuse.

Les briques seules passent par là. Du noyau, elles reçoivent ce que la façade partage, et rien d'autre.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Table

from ent_core.contrat.donnees import Acces, Categorie, Donnee, Lien, Neutre, Traitement
from ent_core.contrat.roles import Role
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne

__all__ = [
    "AJOUTABLES",
    "AUDIENCE",
    "NOYAU",
    "PARTAGEES",
    "Droit",
    "Droits",
    "audience",
    "roles_d_audience",
    "tous_les_droits",
]

NOYAU = "noyau"
AUDIENCE = "ent_audience"
"""Rôle de base commun à toutes les audiences ; il lit ce qui n'est pas personnel."""

PARTAGEES: dict[str, str] = {
    "etablissement": "uai nom nature degre adresse code_postal ville telephone courriel ferme_le",
    "annee_scolaire": "uai annee debut fin",
    "periode": "uai annee id rang libelle debut fin",
    "division": "uai annee id code libelle mefs ferme_le",
    "groupe": "uai annee id code libelle ferme_le",
    "groupe_division": "uai annee groupe_id division_id",
    "matiere": "code libelle rattachement",
    "mef": "code libelle rattachement mefstat",
    "personne": "id nom prenom civilite recherche sursis_depuis",
    "rattachement": "uai id personne_id profil fonction debut fin",
    "inscription": "uai annee id personne_id division_id groupe_id debut fin",
    "responsabilite": "id eleve_id responsable_id legal debut fin",
    "restriction": "id responsabilite_id effet debut fin",
    "service": "uai annee id personne_id division_id groupe_id matiere nature debut fin",
    "professeur_principal": "uai annee id personne_id division_id debut fin",
    "creneau": "uai annee id debut fin matiere division_id groupe_id salle etat",
    "creneau_enseignant": "uai annee creneau_id personne_id",
    # Rien de personnel : les politiques qui cachent ce qui va être éliminé le lisent au nom de chacun.
    "conservation_avis": "objet uai annee masque du au repere",
}
"""Du noyau, ce que les lectures de la façade montrent aux briques : ni adresse, ni date de naissance, ni
numéro. Y ajouter une colonne, c'est la donner à toutes les briques."""

AJOUTABLES: dict[str, str] = {"acte_journal": "id"}
"""Journaux du noyau où une page de brique peut ajouter, sans rien y lire que la clé de son ajout."""


_SENSIBLES = (Categorie.SANTE, Categorie.SENSIBLE)


@dataclass(frozen=True, slots=True)
class Droit:
    """Ce qu'un rôle peut faire d'une table, colonne par colonne.

    :param lire: colonnes lues.
    :param creer: colonnes qu'une ligne ajoutée peut porter ; déposer n'est pas lire.
    :param modifier: colonnes changées.
    :param supprimer: il peut supprimer une ligne.
    """

    lire: frozenset[str] = frozenset()
    creer: frozenset[str] = frozenset()
    modifier: frozenset[str] = frozenset()
    supprimer: bool = False

    def __or__(self, autre: Droit) -> Droit:
        return Droit(
            self.lire | autre.lire,
            self.creer | autre.creer,
            self.modifier | autre.modifier,
            self.supprimer or autre.supprimer,
        )


_RIEN = Droit()


@dataclass(frozen=True, slots=True)
class Droits:
    """Les droits des briques sur une table.

    :param brique: à qui est la table.
    :param traitement: traitement dont elle relève, ou ``None``.
    :param tous: droit de toutes les audiences.
    :param roles: droit de plus, par rôle de l'ENT.
    :param sensibles: colonnes dont la lecture se note.
    :param sujet: colonne qui mène à la personne concernée.
    """

    brique: str
    traitement: str | None
    tous: Droit
    roles: Mapping[str, Droit]
    sensibles: frozenset[str] = frozenset()
    sujet: str | None = None

    def de(self, role: str) -> Droit:
        """Droit d'un rôle ; le rôle vide n'a que ce qui est à tous.

        :param role: rôle de l'ENT.
        """
        propre = self.roles.get(role)
        if propre is None or self.tous is _RIEN:
            return propre or self.tous
        return self.tous | propre


def audience(role: str) -> str:
    """Rôle de base d'un rôle de l'ENT ; vide, celui qui est commun à tous.

    :param role: rôle de l'ENT.
    """
    return f"{AUDIENCE}_{role}" if role else AUDIENCE


def roles_d_audience() -> list[str]:
    """Rôles de base à créer, le commun d'abord."""
    return [AUDIENCE, *(audience(role.value) for role in Role)]


def tous_les_droits(
    tables: Iterable[tuple[str, Table]], traitements: Mapping[str, Traitement]
) -> dict[str, Droits]:
    """Droits des briques sur chaque table, par nom de table.

    :param tables: brique et table.
    :param traitements: traitements déclarés, par clé.
    """
    return {table.name: _droits(brique, table, traitements) for brique, table in tables}


def _droits(brique: str, table: Table, traitements: Mapping[str, Traitement]) -> Droits:
    declaree = declaration(table)
    cle = declaree.traitement if declaree else None
    traitement = traitements.get(cle or "")
    declarees = {colonne.name: declaration_colonne(colonne) for colonne in table.columns}
    colonnes = frozenset(declarees)
    reservees = {nom: d.pour for nom, d in declarees.items() if isinstance(d, Donnee) and d.pour}
    tous, roles = _RIEN, {}
    if brique == NOYAU:
        partagees = frozenset(PARTAGEES.get(table.name, "").split()) & colonnes
        if cle is None:
            tous = Droit(lire=partagees)
        elif traitement and partagees:
            roles = {
                d.role: Droit(lire=partagees & _lues(colonnes, reservees, d.role))
                for d in traitement.destinataires
            }
        if table.name in AJOUTABLES:
            tous = Droit(lire=frozenset(AJOUTABLES[table.name].split()), creer=colonnes)
    elif cle is None:
        tous = Droit(colonnes, colonnes, colonnes, supprimer=True)
    elif traitement:
        for destinataire in traitement.destinataires:
            lues = _lues(colonnes, reservees, destinataire.role)
            droit = Droit(lire=lues)
            if destinataire.acces is Acces.ECRIRE:
                droit = Droit(lues, colonnes, lues, supprimer=True)
            deja = roles.get(destinataire.role)
            roles[destinataire.role] = deja | droit if deja else droit
    if declaree and declaree.ajout_seul:
        tous, roles = _ajout_seul(tous), {role: _ajout_seul(droit) for role, droit in roles.items()}
    return Droits(brique, cle, tous, roles, frozenset(_sensibles(declarees)), _sujet(table))


def _ajout_seul(droit: Droit) -> Droit:
    return Droit(lire=droit.lire, creer=droit.creer)


def _lues(colonnes: frozenset[str], reservees: Mapping[str, frozenset[str]], role: str) -> frozenset[str]:
    """Colonnes qu'un destinataire du traitement lit : toutes, sauf celles qui sont pour d'autres rôles."""
    return colonnes - {nom for nom, pour in reservees.items() if role not in pour} if reservees else colonnes


def _sensibles(declarees: Mapping[str, Donnee | Neutre | None]) -> Iterator[str]:
    """Colonnes dont la lecture se note : santé, données sensibles, chiffrées, ou réservées à des rôles."""
    for nom, declaree in declarees.items():
        if isinstance(declaree, Donnee) and (
            declaree.pour or declaree.chiffree or declaree.categorie in _SENSIBLES
        ):
            yield nom


def _sujet(table: Table) -> str | None:
    """La colonne qui désigne la personne concernée, ou ``None`` si la ligne n'y mène pas d'elle-même."""
    declaree = declaration(table)
    directs = [sujet for sujet in (declaree.sujets if declaree else ()) if not sujet.par]
    for lien in (Lien.PROPRIETAIRE, Lien.TIERS, Lien.AUTEUR):
        for sujet in directs:
            if sujet.lien is lien:
                return sujet.colonne
    return None
