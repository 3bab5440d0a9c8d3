"""La matrice des fuites : chaque rôle, chaque colonne, chaque acte, par le portillon et par la base.

L'attendu se lit dans les déclarations, sans passer par le calcul que l'on éprouve.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, false, select, update
from sqlalchemy.exc import DBAPIError

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.donnees import Acces, Donnee
from ent_core.contrat.roles import Role
from ent_core.donnees.audiences import audience
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.donnees.session import BaseDeDonnees, Portage, finalites_de
from ent_core.essais.annuaire import ECOLE
from ent_core.socle.erreurs import DonneeProtegee

__all__ = ["fuites"]


def fuites(base: BaseDeDonnees, brique: BriqueChargee) -> Iterator[str]:
    """Chaque écart entre ce qui est déclaré et ce qui passe.

    :param base: base de l'instance, portillon posé.
    :param brique: brique éprouvée.
    """
    for role in Role:
        for nom, portage in _moyens(base, brique.id, role):
            for table in brique.tables:
                for colonne in table.columns:
                    for acte, enonce in (
                        ("lire", select(colonne).where(false())),
                        ("changer", update(table).where(false()).values({colonne.name: colonne})),
                    ):
                        permis = _declare(brique, table, colonne.name, role, ecrire=acte == "changer")
                        if _passe(base, portage, enonce) is not permis:
                            attendu = "permis" if permis else "refusé"
                            yield f"{role} : {acte} {table.name}.{colonne.name} devait être {attendu} ({nom})"


def _moyens(base: BaseDeDonnees, brique: str, role: Role) -> Iterator[tuple[str, Portage]]:
    with base.session(Portage("essai")) as session:
        finalites = finalites_de(session, brique)
    yield "portillon", Portage("essai", uai=ECOLE, finalites=finalites, roles=(role.value,))
    yield "base seule", Portage("essai", uai=ECOLE, role=audience(role.value))


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


def _passe(base: BaseDeDonnees, portage: Portage, enonce: Any) -> bool:
    with base.session(portage) as session:
        try:
            session.connection().execute(enonce)
        except DonneeProtegee:
            return False
        except DBAPIError as refus:
            if getattr(refus.orig, "sqlstate", "") == "42501":
                return False
            raise
    return True
