"""Quels services connaissent une session : les inscrire, les prévenir de la sortie, dire où l'on en est."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlencode
from uuid import UUID

from lxml import etree
from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.services import Protocole
from ent_core.donnees.base import Base
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation.client_http import PartenaireInjoignable, envoyer
from ent_core.federation.modeles import PartieDeSession
from ent_core.socle.calendrier import Horloge

__all__ = [
    "ESSAIS",
    "GARDE",
    "Messager",
    "PartieAPrevenir",
    "PartieLue",
    "de_la_personne",
    "de_la_session",
    "inscrire",
    "prevenir",
    "purger",
    "reconnue",
]

ESSAIS = 3
"""Un avis, puis deux reprises."""

GARDE = timedelta(days=60)
"""Durée pendant laquelle une personne peut lire quels services elle a ouverts."""

_SAML_P = "urn:oasis:names:tc:SAML:2.0:protocol"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_FORMULAIRE = {"Content-Type": "application/x-www-form-urlencoded"}
_REUSSI = range(200, 400)
_table = Base.metadata.tables[PartieDeSession.__tablename__]
_p = _table.c


@dataclass(frozen=True, slots=True)
class PartieLue:
    """Un service et une session.

    :param etat: ``ouverte``, ``a_prevenir``, ``prevenue``, ``injoignable`` ou ``sans_avis``.
    """

    service: str
    uai: str
    cree_le: datetime
    etat: str


@dataclass(frozen=True, slots=True)
class PartieAPrevenir:
    """Un service à prévenir qu'une session est finie.

    :param nom_de_session: nom que le service donne à cette session.
    :param adresse: où le prévenir.
    :param emetteur: nom de cet ENT pour le service ; vide si l'avis n'a pas à le dire.
    """

    id: UUID
    service: str
    protocole: str
    personne_id: UUID
    session_id: UUID
    nom_de_session: str
    adresse: str
    emetteur: str = ""


Messager = Callable[[PartieAPrevenir], None]
"""Prévient un service, ou lève ``PartenaireInjoignable``."""


def inscrire(
    session: Session,
    horloge: Horloge,
    *,
    session_id: UUID,
    personne_id: UUID,
    uai: str,
    service: str,
    protocole: Protocole,
    nom_de_session: str,
    adresse: str,
    avis: bool,
    emetteur: str = "",
) -> UUID:
    """Retient qu'un service a appris qui est la personne ; rend le numéro de ce qu'il en sait.

    :param session_id: session de l'ENT.
    :param nom_de_session: nom que le service donne à cette session (le ticket CAS, le ``sid``…).
    :param adresse: où le prévenir.
    :param avis: faux s'il ne veut pas être prévenu.
    :param emetteur: nom de cet ENT pour le service, si l'avis doit le dire.
    """
    numero: UUID = session.execute(
        insert(_table)
        .values(
            session_id=session_id,
            personne_id=personne_id,
            uai=uai,
            service=service,
            protocole=protocole.value,
            nom_de_session=nom_de_session,
            adresse=adresse,
            emetteur=emetteur,
            cree_le=horloge.maintenant(),
            etat="ouverte" if avis else "sans_avis",
        )
        .returning(_p.id)
    ).scalar_one()
    return numero


def reconnue(
    session: Session, horloge: Horloge, *, session_id: UUID, service: str, nom_de_session: str
) -> bool:
    """Vrai si le service connaissait déjà cette session, sous ce nom ; l'instant en est rafraîchi.

    :param session_id: session de l'ENT.
    :param nom_de_session: nom que le service lui donne.
    """
    trouvee = (
        update(_table)
        .where(
            _p.session_id == session_id,
            _p.service == service,
            _p.nom_de_session == nom_de_session,
            _p.etat.in_(("ouverte", "sans_avis")),
        )
        .values(cree_le=horloge.maintenant())
        .returning(_p.id)
    )
    return session.scalar(trouvee) is not None


def prevenir(
    base: BaseDeDonnees,
    horloge: Horloge,
    permis: frozenset[str],
    session_id: UUID,
    messagers: Mapping[Protocole, Messager] | None = None,
) -> None:
    """Prévient les services d'une session fermée ; aucune transaction n'est tenue pendant un envoi.

    :param base: base de l'application.
    :param permis: hôtes admis à une adresse privée.
    :param session_id: session fermée.
    :param messagers: comment prévenir par un autre protocole que CAS.
    :raises PartenaireInjoignable: il en reste à prévenir ; le travail sera repris.
    """
    par_cas: Messager = partial(_avertir_par_cas, horloge, permis)
    envoyes = {Protocole.CAS: par_cas, **(messagers or {})}
    with base.academie("services tiers : sortie d'une session") as session:
        restent = session.execute(
            select(
                _p.id,
                _p.service,
                _p.protocole,
                _p.personne_id,
                _p.session_id,
                _p.nom_de_session,
                _p.adresse,
                _p.emetteur,
            ).where(
                _p.session_id == session_id,
                _p.etat == "a_prevenir",
                _p.protocole.in_([protocole.value for protocole in envoyes]),
            )
        ).all()
    manque: PartenaireInjoignable | None = None
    for ligne in restent:
        numero: UUID = ligne.id
        try:
            envoyes[Protocole(ligne.protocole)](PartieAPrevenir(**ligne._mapping))
        except PartenaireInjoignable as erreur:
            if _noter_echec(base, numero):
                manque = erreur
        else:
            with base.academie("services tiers : sortie d'une session") as session:
                session.execute(update(_table).where(_p.id == numero).values(etat="prevenue"))
    if manque is not None:
        raise manque


def _avertir_par_cas(horloge: Horloge, permis: frozenset[str], partie: PartieAPrevenir) -> None:
    avis = etree.Element(
        f"{{{_SAML_P}}}LogoutRequest",
        {
            "ID": f"LR-{secrets.token_hex(16)}",
            "Version": "2.0",
            "IssueInstant": f"{horloge.maintenant():%Y-%m-%dT%H:%M:%SZ}",
        },
        nsmap={"samlp": _SAML_P, "saml": _SAML},
    )
    etree.SubElement(avis, f"{{{_SAML}}}NameID").text = "@NOT_USED@"
    etree.SubElement(avis, f"{{{_SAML_P}}}SessionIndex").text = partie.nom_de_session
    corps = urlencode({"logoutRequest": etree.tostring(avis, encoding="unicode")}).encode()
    reponse = envoyer("POST", partie.adresse, corps=corps, entetes=_FORMULAIRE, autorises=permis)
    if reponse.statut not in _REUSSI:
        raise PartenaireInjoignable(
            f"le service a répondu {reponse.statut} à l'avis de sortie.",
            remede="vérifier avec son contact qu'il accepte la déconnexion CAS, ou ne plus l'en prévenir.",
        )


def _noter_echec(base: BaseDeDonnees, numero: UUID) -> bool:
    """Compte l'essai ; vrai s'il en reste."""
    with base.academie("services tiers : sortie d'une session") as session:
        etat: str = session.execute(
            update(_table)
            .where(_p.id == numero)
            .values(
                essais=_p.essais + 1,
                etat=case((_p.essais + 1 >= ESSAIS, "injoignable"), else_="a_prevenir"),
            )
            .returning(_p.etat)
        ).scalar_one()
    return etat == "a_prevenir"


def de_la_session(session: Session, session_id: UUID) -> list[PartieLue]:
    """Services d'une session, dans l'ordre où ils ont été ouverts ; un seul par service.

    :param session_id: session, ouverte ou fermée.
    """
    enonce = select(_p.service, _p.uai, _p.cree_le, _p.etat).where(_p.session_id == session_id)
    trouvees: dict[str, PartieLue] = {}
    for ligne in session.execute(enonce.order_by(_p.cree_le)):
        partie = PartieLue(*ligne)
        deja = trouvees.get(partie.service)
        # D'un service ouvert deux fois, c'est le moins bon sort qui se montre.
        if deja is None or _RANGS[partie.etat] > _RANGS[deja.etat]:
            trouvees[partie.service] = partie
    return list(trouvees.values())


def de_la_personne(session: Session, personne_id: UUID) -> Mapping[str, datetime]:
    """Dernière fois que chaque service a appris qui est une personne.

    :param personne_id: personne.
    """
    enonce = select(_p.service, _p.cree_le).where(_p.personne_id == personne_id).order_by(_p.cree_le)
    return {service: instant for service, instant in session.execute(enonce)}


def purger(session: Session, horloge: Horloge) -> int:
    """Efface ce qui a plus de soixante jours ; rend le nombre de lignes.

    :param session: session de l'académie.
    """
    limite = horloge.maintenant() - GARDE
    return len(session.execute(delete(_table).where(_p.cree_le <= limite).returning(_p.id)).all())


_RANGS = {"sans_avis": 0, "prevenue": 1, "ouverte": 2, "a_prevenir": 3, "injoignable": 4}
