"""De quoi écrire aux familles : qui écrit, et un foyer par adresse. L'adresse d'un parent n'est jamais
montrée à l'autre (FAM-04) : deux adresses, deux lettres.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import desc, func, select
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Role
from ent_core.donnees.base import Base
from ent_core.donnees.liees import UAI
from ent_core.donnees.session import lire
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.identite.correspondants import correspondants, nom_de, valeurs
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import AccesRefuse, Introuvable

__all__ = ["Expediteur", "Foyer", "expediteur", "foyers"]

_ECRIVENT = frozenset({Role.DIRECTION, Role.DIRECTION_ADJOINTE, Role.CPE, Role.ADMINISTRATIF})
"""Destinataires de l'annuaire qui y lisent les adresses à l'écran ; par le papier, eux seuls aussi."""

_ecole = Base.metadata.tables[Etablissement.__tablename__].c


def _coordonnees(personne: Any) -> tuple[Any, ...]:
    lieu = func.concat_ws(" ", personne.code_postal, personne.ville)
    return nom_de(personne), personne.adresse, lieu.label("lieu"), personne.pays


_FOYERS = correspondants(_coordonnees).order_by("eleve", desc("lui_meme"), "nom")

_EXPEDITEUR = select(
    _ecole.nom,
    _ecole.adresse,
    func.concat_ws(" ", _ecole.code_postal, _ecole.ville),
    _ecole.telephone,
    _ecole.courriel,
).where(_ecole.uai == UAI)


_Cle = tuple[bool, tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class Expediteur:
    """L'établissement, en tête d'une lettre.

    :param lignes: adresse, téléphone, courriel ; celles qui sont connues.
    """

    nom: str
    lignes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Foyer:
    """À qui une lettre s'envoie : une adresse, et les personnes qui y vivent.

    :param personnes: « Mme Camille Durand », une ou plusieurs.
    :param adresse: lignes de l'adresse ; vide si elle n'est pas connue, la lettre se remet en main propre.
    :param ids: ces personnes, dans le même ordre ; de quoi respecter leurs choix.
    :param eleve: vrai pour la lettre de l'élève majeur lui-même.
    """

    personnes: tuple[str, ...]
    adresse: tuple[str, ...]
    ids: tuple[UUID, ...] = ()
    eleve: bool = False


def expediteur(session: Session, uai: str) -> Expediteur:
    """L'établissement qui écrit.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :raises Introuvable: établissement inconnu.
    """
    ligne = lire(session, _EXPEDITEUR, {"uai": uai}).one_or_none()
    if ligne is None:
        raise Introuvable("cet établissement n'est pas dans l'annuaire.", remede="rafraîchir la page.")
    nom, *lignes = ligne
    return Expediteur(nom, tuple(texte for texte in lignes if texte))


def foyers(session: Session, contexte: Contexte, eleves: Iterable[UUID]) -> dict[UUID, tuple[Foyer, ...]]:
    """Foyers à qui écrire au sujet d'élèves : les responsables légaux en vigueur, réunis par adresse.

    Un responsable qu'un acte de justice écarte n'y est pas. Un élève sans foyer n'est pas rendu.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui écrit ; direction, vie scolaire ou secrétariat.
    :param eleves: élèves de l'établissement ; les autres sont ignorés.
    :raises AccesRefuse: ce rôle n'a pas à connaître les adresses des familles.
    """
    if not contexte.roles & _ECRIVENT:
        raise AccesRefuse(
            "les adresses des familles sont réservées à la direction, à la vie scolaire et au secrétariat.",
            remede="demander la lettre à la vie scolaire.",
        )
    with hors_portillon(session, "adresser un courrier aux familles"):
        lignes = lire(session, _FOYERS, valeurs(contexte, set(eleves))).all()
    reunis: dict[UUID, dict[_Cle, dict[UUID, str]]] = {}
    for ordre, (eleve, _rang, lui_meme, personne, nom, *adresse) in enumerate(lignes):
        connue = tuple(t.strip() for t in adresse if t and t.strip() and t.strip().upper() != "FRANCE")
        # Sans adresse, rien ne dit que deux personnes vivent ensemble : une lettre chacune.
        cle = (lui_meme, connue, 0 if connue else ordre)
        reunis.setdefault(eleve, {}).setdefault(cle, {})[personne] = nom
    return {
        eleve: tuple(
            Foyer(tuple(membres.values()), adresse, tuple(membres), lui_meme)
            for (lui_meme, adresse, _ordre), membres in par_adresse.items()
        )
        for eleve, par_adresse in reunis.items()
    }
