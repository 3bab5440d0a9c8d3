"""L'entrée en un clic, en démonstration seulement : des personnes inventées, une par profil."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import abort
from sqlalchemy import func, select

from ent_core.contrat.roles import LIBELLES_PROFILS, LIBELLES_ROLES, Profil, Role
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.session import Portage
from ent_core.identite import connexion
from ent_core.identite.connexion import Authentification, Origine, Ouverture
from ent_core.identite.facteurs.politique import DOUBLE
from ent_core.identite.modeles import Compte, Etablissement, Personne, Rattachement
from ent_core.roles.modeles import RoleLocal
from ent_core.web.instance import Instance

__all__ = ["METHODE", "Personnage", "entrer_en_demo", "personnages"]

METHODE = "demonstration"

_ROLES: tuple[tuple[str, str, str | None], ...] = (
    ("parent", Profil.RESPONSABLE, None),
    ("eleve", Profil.ELEVE, None),
    ("enseignant", Profil.ENSEIGNANT, "ENS"),
    ("cpe", Profil.VIE_SCOLAIRE, "EDU"),
    ("direction", Profil.DIRECTION, "DIR"),
)


@dataclass(frozen=True, slots=True)
class Personnage:
    """Quelqu'un dont on peut prendre la place dans la démonstration."""

    cle: str
    nom: str
    profil: str
    etablissement: str


def personnages(ent: Instance) -> list[Personnage]:
    """Une personne par profil, celle qui a le plus d'établissements d'abord ; puis l'administrateur.

    :param ent: instance en mode démonstration.
    """
    with ent.base.academie("démonstration : personnages") as session:
        trouves = []
        for _, profil, fonction in _ROLES:
            ligne = session.execute(_plus_rattachee(ent, profil, fonction)).first()
            if ligne:
                libelle = (
                    LIBELLES_ROLES[Role.CPE].capitalize() if fonction == "EDU" else LIBELLES_PROFILS[profil]
                )
                trouves.append(
                    Personnage(str(ligne.compte), f"{ligne.prenom} {ligne.nom}", libelle, ligne.ecoles)
                )
        administrateur = session.execute(_administrateur()).first()
        if administrateur:
            trouves.append(
                Personnage(
                    str(administrateur.compte),
                    f"{administrateur.prenom} {administrateur.nom}",
                    LIBELLES_ROLES[Role.ADMINISTRATEUR_ACADEMIQUE].capitalize(),
                    administrateur.ecoles,
                )
            )
    return trouves


def entrer_en_demo(ent: Instance, cle: str, origine: Origine) -> Ouverture:
    """Ouvre la session d'un personnage ; 404 hors démonstration ou pour toute autre personne.

    :param ent: instance.
    :param cle: clé d'un personnage proposé.
    :param origine: d'où vient la requête.
    """
    if not ent.configuration.demo or cle not in {p.cle for p in personnages(ent)}:
        abort(404)
    with ent.base.unite(Portage("connexion")) as session:
        # Le clic vaut toutes les preuves : personne d'inventé n'a de téléphone.
        entrant = Authentification(METHODE, str(UUID(cle)), amr=(DOUBLE,))
        ouverture = connexion.entrer(session, ent.horloge, entrant, origine)
    if ouverture is None:
        abort(404)
    return ouverture


def _plus_rattachee(ent: Instance, profil: str, fonction: str | None) -> Any:
    enonce = (
        select(
            Compte.id.label("compte"),
            Personne.prenom,
            Personne.nom,
            func.string_agg(Etablissement.nom.distinct(), ", ").label("ecoles"),
        )
        .join(Personne, Personne.id == Compte.personne_id)
        .join(Rattachement, Rattachement.personne_id == Personne.id)
        .join(Etablissement, Etablissement.uai == Rattachement.uai)
        .where(Rattachement.profil == profil, en_vigueur(Rattachement, ent.horloge.aujourd_hui()))
        .group_by(Compte.id, Personne.prenom, Personne.nom)
        .order_by(
            func.count(Etablissement.uai.distinct()).desc(),
            func.min(Etablissement.uai),  # le premier, où la démonstration ouvre ses briques
            Personne.nom,
            Personne.prenom,
        )
        .limit(1)
    )
    return enonce if fonction is None else enonce.where(Rattachement.fonction == fonction)


def _administrateur() -> Any:
    return (
        select(Compte.id.label("compte"), Personne.prenom, Personne.nom, Etablissement.nom.label("ecoles"))
        .join(Personne, Personne.id == Compte.personne_id)
        .join(RoleLocal, RoleLocal.personne_id == Personne.id)
        .join(Etablissement, Etablissement.uai == RoleLocal.uai)
        .where(RoleLocal.role == Role.ADMINISTRATEUR_ACADEMIQUE.value)
        .order_by(Personne.nom)
        .limit(1)
    )
