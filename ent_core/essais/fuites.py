"""La matrice des fuites : chaque rôle, chaque colonne, chaque forme, par le portillon et par la base seule.

L'attendu se lit dans les déclarations, sans passer par le calcul que l'on éprouve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Column, Connection, Table, select
from sqlalchemy.exc import DBAPIError

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.donnees import Acces, Donnee
from ent_core.contrat.roles import Role
from ent_core.donnees.audiences import audience
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.donnees.partitions import est_partitionnee
from ent_core.donnees.session import ROLE_APPLICATION, BaseDeDonnees, Portage
from ent_core.donnees.sous_portillon import finalites_de
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.formes import CHEMINS, CURSEUR, ECRITURES, FORMES, OPAQUES
from ent_core.socle.erreurs import DonneeProtegee

__all__ = ["fuites", "passages"]

_PORTILLON, _BASE_SEULE = "portillon", "base seule"
_ENTIERES = frozenset({"table", "ligne entière", "fonction de ligne entière", "étoile"})
"""Formes qui lisent toute la ligne : permises à qui a toutes les colonnes."""
_TOUTES = {**FORMES, **OPAQUES, **ECRITURES}


def fuites(base: BaseDeDonnees, brique: BriqueChargee) -> Iterator[str]:
    """Chaque écart entre ce qui est déclaré et ce qui passe, d'une colonne vers un rôle.

    :param base: base de l'instance, portillon posé.
    :param brique: brique éprouvée.
    """
    vues: set[tuple[Any, ...]] = set()
    for role in Role:
        for nom, portage in _moyens(base, brique.id, role):
            with base.session(portage) as session:
                connexion = session.connection()
                _marquer(connexion)
                for table in brique.tables:
                    toutes = all(_declare(brique, table, c.name, role, ecrire=False) for c in table.columns)
                    for colonne in table.columns:
                        lit = _declare(brique, table, colonne.name, role, ecrire=False)
                        change = _declare(brique, table, colonne.name, role, ecrire=True)
                        situation = (nom, _sorte(table, colonne), lit, change, toutes)
                        # Toutes les formes, une fois par sorte de table, par type et par droit : une forme ne
                        # se reconnaît ni au nom de la colonne, ni à celui de la table. Qui a un droit essaie
                        # chaque colonne ; qui n'en a aucun frappe à la porte de chaque table, et le démarrage
                        # compare tous les droits.
                        if situation not in vues:
                            attendus = _attendus(nom, lit, change, toutes)
                        elif lit or change or colonne is table.columns[0]:
                            attendus = {"colonne": lit, "changer": change}
                        else:
                            continue
                        vues.add(situation)
                        yield from _colonne(connexion, nom, table, colonne, role, attendus)


def _sorte(table: Table, colonne: Column[Any]) -> tuple[Any, ...]:
    """Ce qui distingue deux colonnes pour le portillon et pour la base, hors de leurs noms et des droits."""
    declaree = declaration(table)
    cloison = declaree.cloisonnement if declaree else None
    return (
        type(colonne.type).__name__,
        type(declaration_colonne(colonne)).__name__,
        bool(declaree and declaree.traitement),
        bool(cloison and cloison.par_uai),
        bool(declaree and declaree.ajout_seul),
        est_partitionnee(table),
    )


def passages(base: BaseDeDonnees, brique: BriqueChargee) -> Iterator[str]:
    """Chaque chemin par lequel une école voit ou touche une ligne de l'autre ; les deux en ont.

    :param base: base de l'instance, dont les deux collèges ont des lignes.
    :param brique: brique éprouvée.
    """
    roles = sorted({d.role for t in brique.traitements for d in t.destinataires})
    moyens = [("application", Portage("essai", uai=ECOLE, role=ROLE_APPLICATION))]
    moyens += [(f"audience {role}", Portage("essai", uai=ECOLE, role=audience(role))) for role in roles]
    for table in brique.tables:
        declaree = declaration(table)
        if declaree is None or declaree.cloisonnement is None or not declaree.cloisonnement.par_uai:
            continue
        with base.academie("essai : l'autre école a des lignes") as session:
            if not session.scalar(select(table.c.uai).where(table.c.uai == AUTRE).limit(1)):
                yield f"{table.name} : aucun exemple dans l'autre école, rien n'y est éprouvé"
        for nom, portage in moyens:
            # La même politique ferme la ligne à tous : chaque chemin s'essaie pour l'application et pour un
            # destinataire, le plus court pour les autres.
            chemins = CHEMINS if (nom, portage) in moyens[:2] else {"table": CHEMINS["table"]}
            with base.session(portage) as session:
                connexion = session.connection()
                _marquer(connexion)
                for chemin, passer in chemins.items():
                    rendu = _essayer(connexion, partial(passer, connexion, table, ECOLE, AUTRE))
                    _revenir(connexion)
                    if AUTRE in str(rendu):
                        yield f"{table.name} : « {chemin} » atteint l'autre école ({nom})"


def _attendus(nom: str, lit: bool, change: bool, toutes: bool) -> dict[str, bool]:
    """Forme → permise ou non ; une forme qui lit toute la ligne se juge sur toutes ses colonnes."""
    attendus = dict.fromkeys(FORMES, lit) | {"changer": change}
    attendus |= dict.fromkeys(OPAQUES, lit and nom == _BASE_SEULE)
    attendus |= {forme: toutes and attendus[forme] for forme in _ENTIERES}
    if not lit:  # la lire en l'écrivant est encore la lire
        attendus |= dict.fromkeys(set(ECRITURES) - {"changer"}, False)
    elif nom == _PORTILLON:
        # Permis à ce rôle. Le portillon ne voit pas le curseur ; et compter par valeur, c'est lire
        # une statistique, qu'il ne rend que protégée.
        for forme in (CURSEUR, "regroupement"):
            del attendus[forme]
    return attendus


def _colonne(
    connexion: Connection, nom: str, table: Table, colonne: Column[Any], role: Role,
    attendus: Mapping[str, bool],
) -> Iterator[str]:  # fmt: skip
    for forme, permis in attendus.items():
        executer = _TOUTES[forme]
        rendu = _essayer(connexion, partial(executer, connexion, table, colonne))
        if rendu is not _SANS_OBJET and (rendu is not _REFUS) is not permis:
            attendu = "permis" if permis else "refusé"
            yield f"{role} : « {forme} » sur {table.name}.{colonne.name} devait être {attendu} ({nom})"


class _Verdict:
    """Ce que rend un énoncé qui n'a pas été exécuté."""


_REFUS, _SANS_OBJET = _Verdict(), _Verdict()
_INTERDIT, _SANS_OPERATEUR = "42501", "42883"
"""États SQL : privilège absent ; type sans cet opérateur (un JSON ne se trie ni ne se joint)."""


def _essayer(connexion: Connection, executer: Callable[[], Any]) -> Any:
    """Le résultat, ou un refus ; la transaction reste utilisable, et ce qui est écrit le reste."""
    try:
        return executer()
    except DonneeProtegee:
        return _REFUS
    except (DBAPIError, psycopg.Error) as refus:
        _revenir(connexion)
        etat = str(getattr(getattr(refus, "orig", refus), "sqlstate", ""))
        if etat not in (_INTERDIT, _SANS_OPERATEUR):
            raise
        return _REFUS if etat == _INTERDIT else _SANS_OBJET


def _marquer(connexion: Connection) -> None:
    """Pose le point où ``_revenir`` ramène, autant de fois qu'il faut."""
    connexion.connection.cursor().execute("savepoint ent_fuites")


def _revenir(connexion: Connection) -> None:
    connexion.connection.cursor().execute("rollback to savepoint ent_fuites")


def _moyens(base: BaseDeDonnees, brique: str, role: Role) -> Iterator[tuple[str, Portage]]:
    with base.session(Portage("essai")) as session:
        finalites = finalites_de(session, brique)
    yield _PORTILLON, Portage("essai", uai=ECOLE, finalites=finalites, roles=(role.value,))
    yield _BASE_SEULE, Portage("essai", uai=ECOLE, role=audience(role.value))


def _declare(brique: BriqueChargee, table: Table, colonne: str, role: Role, *, ecrire: bool) -> bool:
    declaree = declaration(table)
    if declaree is None or declaree.traitement is None:
        return declaree is not None and not (ecrire and declaree.ajout_seul)
    siens = [
        d for t in brique.traitements if t.cle == declaree.traitement for d in t.destinataires
        if d.role == role and (d.acces is Acces.ECRIRE or not ecrire)
    ]  # fmt: skip
    donnee = declaration_colonne(table.columns[colonne])
    reservee = isinstance(donnee, Donnee) and donnee.pour and role not in donnee.pour
    return bool(siens) and not reservee and not (ecrire and declaree.ajout_seul)
