"""Les visites de l'assistance : voir l'ENT comme une personne, un quart d'heure, sans rien pouvoir changer.

La visite est portée par la session de l'agent : son jeton, son nom et ses preuves restent les siens. Finie,
ou échue, il redevient lui-même. Elle s'écrit au journal des deux côtés, et la personne la voit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.autorite import ecarte
from ent_core.identite.contextes import contextes_possibles, role_local
from ent_core.identite.journal import consigner
from ent_core.identite.lecture_session import DEUX_PREUVES, SessionReconnue
from ent_core.identite.modeles import (
    AccesSupport,
    Compte,
    Personne,
    Rattachement,
    Responsabilite,
    SessionWeb,
)
from ent_core.identite.secrets import empreinte_jeton
from ent_core.identite.sessions import renouveler
from ent_core.socle.calendrier import FUSEAU, Horloge, est_mineur
from ent_core.socle.erreurs import AccesRefuse, Introuvable, OperationRefusee

__all__ = ["MOTIFS", "Cible", "VisiteLue", "cible", "finir", "lister", "ouvrir"]

MOTIFS = {
    "affichage": "Une page s'affiche mal",
    "droits": "La personne ne voit pas ce qu'elle devrait",
    "donnees": "Une donnée paraît fausse",
    "erreur": "Un message d'erreur revient",
}
"""Pourquoi l'assistance regarde."""

_MONTREES = timedelta(days=365)
_FERMES = frozenset({Profil.DIRECTION, Profil.ACADEMIE})
_FONCTIONS_FERMEES = frozenset({"MDS", "ASH", "ORI", "PSY"})
_ROLES_OUVERTS = frozenset({Role.DELEGUE_ELEVES, Role.DELEGUE_PARENTS})


@dataclass(frozen=True, slots=True)
class Cible:
    """Une personne dont l'assistance peut prendre la place, à ses titres du jour.

    :param titres: couples (établissement, profil), avec le nom de l'établissement.
    """

    personne_id: UUID
    compte_id: UUID
    titres: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class VisiteLue:
    """Une visite passée, ou en cours."""

    personne_id: UUID
    nom: str
    prenom: str | None
    ouvert_le: datetime
    demande: str
    motif: str


def cible(session: Session, personne_id: UUID, jour: date) -> Cible:
    """Ce que l'assistance peut voir d'une personne ; jamais qui administre, dirige, soigne ou oriente.

    :param session: session de l'académie.
    :param personne_id: personne.
    :param jour: jour de la demande.
    :raises Introuvable: pas de compte ouvert.
    :raises AccesRefuse: un de ses titres est fermé à l'assistance.
    """
    compte_id = session.scalar(
        select(Compte.id).where(Compte.personne_id == personne_id, Compte.etat != "suspendu")
    )
    if compte_id is None:
        raise Introuvable("cette personne n'a pas de compte ouvert.", remede="voir sa fiche.")
    fonctions = session.scalars(
        select(Rattachement.fonction).where(
            Rattachement.personne_id == personne_id, en_vigueur(Rattachement, jour)
        )
    ).all()
    locaux = session.scalars(
        select(role_local.c.role).where(
            role_local.c.personne_id == personne_id, en_vigueur(role_local.c, jour)
        )
    ).all()
    titres = contextes_possibles(session, personne_id, jour)
    if (
        any(titre.profil in _FERMES for titre in titres)
        or _FONCTIONS_FERMEES & set(fonctions)
        or set(locaux) - _ROLES_OUVERTS
    ):
        raise AccesRefuse(
            "l'assistance ne prend pas la place d'une personne qui dirige, administre, soigne ou oriente.",
            remede="lui demander de montrer elle-même ce qu'elle voit.",
        )
    return Cible(personne_id, compte_id, tuple((t.uai, t.profil, t.etablissement_nom) for t in titres))


def ouvrir(
    session: Session,
    horloge: Horloge,
    agent: SessionReconnue,
    jeton: str,
    voulue: Cible,
    *,
    uai: str,
    profil: str,
    motif: str,
    demande: str,
) -> str:
    """Commence une visite ; rend le nouveau jeton de l'agent.

    :param agent: session de l'agent, qui vient de donner deux preuves.
    :param jeton: son jeton.
    :param voulue: personne dont il prend la place.
    :param uai: établissement.
    :param profil: profil pris.
    :param motif: clé de ``MOTIFS``.
    :param demande: numéro de la demande d'assistance.
    :raises AccesRefuse: une seule preuve, soi-même, visite dans une visite, titre que la personne n'a pas.
    """
    if agent.niveau < DEUX_PREUVES:
        raise AccesRefuse(
            "cet acte demande un second facteur.", remede="en ajouter un dans « Mon compte », puis revenir."
        )
    if agent.support is not None or voulue.personne_id == agent.personne_id:
        raise AccesRefuse("une visite se fait chez un autre, une à la fois.", remede="finir la visite.")
    if not any((u, p) == (uai, profil) for u, p, _ in voulue.titres):
        raise AccesRefuse("cette personne n'a pas ce titre.", remede="choisir dans la liste proposée.")
    acces = AccesSupport(
        uai=uai, profil=profil, personne_id=voulue.personne_id,
        par=agent.personne_id, demande=demande, motif=motif, ouvert_le=horloge.maintenant(),
    )  # fmt: skip
    session.add(acces)
    session.flush()
    _lier(session, jeton, acces.id)
    _consigner(session, horloge, "visite.commencee", agent, acces, voulue.compte_id)
    return renouveler(session, jeton)


def finir(session: Session, horloge: Horloge, jeton: str) -> str:
    """Finit la visite : l'agent redevient lui-même ; rend son nouveau jeton.

    :param jeton: jeton de la session en visite.
    :raises OperationRefusee: aucune visite n'est en cours.
    """
    acces = session.scalar(
        select(AccesSupport)
        .join(SessionWeb, SessionWeb.support_id == AccesSupport.id)
        .where(SessionWeb.jeton == empreinte_jeton(jeton))
    )
    if acces is None:
        raise OperationRefusee("aucune visite n'est en cours.", remede="revenir à l'accueil.")
    acces.ferme_le = horloge.maintenant()
    session.flush()
    compte_id = session.scalar(select(Compte.id).where(Compte.personne_id == acces.personne_id))
    _lier(session, jeton, None)
    consigner(
        session, horloge, "visite.finie", uai=acces.uai, acteur=acces.par, objet=str(compte_id),
        details={"demande": acces.demande},
    )  # fmt: skip
    return renouveler(session, jeton)


def lister(session: Session, personne_id: UUID, jour: date) -> list[VisiteLue]:
    """Visites d'un an qu'une personne doit connaître : les siennes, et celles de ses enfants mineurs.

    :param session: session dont le portage nomme la personne.
    :param personne_id: personne.
    :param jour: jour de référence.
    """
    enfants = select(Responsabilite.eleve_id).where(
        Responsabilite.responsable_id == personne_id,
        Responsabilite.legal > 0,
        en_vigueur(Responsabilite, jour),
        ~ecarte(Responsabilite, jour),
    )
    lignes = session.execute(
        select(
            AccesSupport.personne_id, Personne.nom, Personne.prenom, AccesSupport.ouvert_le,
            AccesSupport.demande, AccesSupport.motif, Personne.naissance,
        )
        .join(Personne, Personne.id == AccesSupport.personne_id)
        .where(
            or_(AccesSupport.personne_id == personne_id, AccesSupport.personne_id.in_(enfants)),
            AccesSupport.ouvert_le > datetime.combine(jour - _MONTREES, datetime.min.time(), FUSEAU),
        )
        .order_by(AccesSupport.ouvert_le.desc())
        .limit(20)
    )  # fmt: skip
    return [
        VisiteLue(*ligne[:6])
        for ligne in lignes
        if ligne.personne_id == personne_id or est_mineur(ligne.naissance, jour) is not False
    ]


def _lier(session: Session, jeton: str, acces_id: UUID | None) -> None:
    session.execute(
        update(SessionWeb).where(SessionWeb.jeton == empreinte_jeton(jeton)).values(support_id=acces_id)
    )


def _consigner(
    session: Session,
    horloge: Horloge,
    acte: str,
    agent: SessionReconnue,
    acces: AccesSupport,
    compte_id: UUID,
) -> None:
    """Des deux côtés : chez la personne, et chez l'agent."""
    for uai in dict.fromkeys((acces.uai, agent.uai)):
        consigner(
            session, horloge, acte, uai=uai, acteur=agent.personne_id, objet=str(compte_id),
            details={"demande": acces.demande, "motif": acces.motif},
        )  # fmt: skip
