"""Suspendre la connexion d'un profil dans un établissement, et la rouvrir.

En mars 2024, des comptes volés ont servi à menacer des centaines d'établissements : couper un profil en un
geste, sans toucher aux comptes, laisse le temps de les mettre en sécurité. L'effet est immédiat, sessions
ouvertes comprises : la lecture qui reconnaît une session dit aussi si son profil est suspendu.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from ent_core.contrat.roles import LIBELLES_PROFILS, Profil
from ent_core.donnees.base import Base
from ent_core.identite.contextes import ContextePossible
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Etablissement, SuspensionProfil
from ent_core.socle.calendrier import Horloge
from ent_core.socle.dates import heure, jour_long
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee

__all__ = [
    "MOTIFS",
    "ProfilSuspendu",
    "Suspension",
    "en_vigueur",
    "exiger_un_titre_ouvert",
    "expliquer",
    "rouvrir_profil",
    "suspendre_profil",
]

MOTIFS = {
    "comptes": "des comptes volés y ont servi",
    "travaux": "des travaux sont en cours",
    "autre": "l'établissement l'a décidé",
}
"""Motifs, et ce qu'en lit la personne qui ne peut plus entrer."""

_s = SuspensionProfil
_table = Base.metadata.tables[SuspensionProfil.__tablename__].c
_SUSPENDUS = select(_table.uai, _table.profil).where(
    tuple_(_table.uai, _table.profil).in_(bindparam("couples", expanding=True)), _table.rouvert_le.is_(None)
)


class ProfilSuspendu(AccesRefuse):
    """La connexion de ce profil est suspendue dans cet établissement, pour un temps."""

    code = "ENT-PROFIL"


@dataclass(frozen=True, slots=True)
class Suspension:
    """Une suspension en vigueur."""

    uai: str
    profil: str
    motif: str
    depuis: datetime


def suspendre_profil(
    session: Session, horloge: Horloge, uai: str, profil: str, *, motif: str, acteur: UUID | None = None
) -> None:
    """Suspend la connexion d'un profil ; les comptes et les mots de passe ne changent pas.

    :param uai: établissement.
    :param profil: profil national ; l'académie n'est d'aucun établissement.
    :param motif: clé de ``MOTIFS``.
    :param acteur: personne qui le décide.
    :raises DonneeInvalide: profil ou motif inconnu.
    :raises OperationRefusee: ce profil est déjà suspendu ici.
    """
    if profil not in set(Profil) - {Profil.ACADEMIE}:
        raise DonneeInvalide("ce profil ne se suspend pas.", remede="choisir dans la liste.", lieu="profil")
    if motif not in MOTIFS:
        raise DonneeInvalide("ce motif n'est pas proposé.", remede="choisir dans la liste.", lieu="motif")
    if any(s.profil == profil for s in en_vigueur(session, uai)):
        raise OperationRefusee("ce profil est déjà suspendu ici.", remede="rafraîchir la page.")
    session.add(
        _s(uai=uai, profil=profil, motif=motif, suspendu_par=acteur, suspendu_le=horloge.maintenant())
    )
    session.flush()
    consigner(
        session,
        horloge,
        "profil.suspendu",
        uai=uai,
        acteur=acteur,
        details={"profil": profil, "motif": motif},
    )


def rouvrir_profil(
    session: Session, horloge: Horloge, uai: str, profil: str, *, acteur: UUID | None = None
) -> None:
    """Rouvre la connexion d'un profil ; les sessions encore ouvertes reprennent.

    :param uai: établissement.
    :param profil: profil suspendu.
    :param acteur: personne qui le décide.
    :raises Introuvable: ce profil n'est pas suspendu ici.
    """
    rouverte = session.scalar(
        update(_s)
        .where(_s.uai == uai, _s.profil == profil, _s.rouvert_le.is_(None))
        .values(rouvert_le=horloge.maintenant(), rouvert_par=acteur)
        .returning(_s.id)
    )
    if rouverte is None:
        raise Introuvable("ce profil n'est pas suspendu ici.", remede="rafraîchir la page.")
    consigner(session, horloge, "profil.rouvert", uai=uai, acteur=acteur, details={"profil": profil})


def en_vigueur(session: Session, uai: str) -> list[Suspension]:
    """Suspensions en vigueur d'un établissement.

    :param uai: établissement.
    """
    enonce = select(_s.uai, _s.profil, _s.motif, _s.suspendu_le).where(_s.uai == uai, _s.rouvert_le.is_(None))
    return [Suspension(*ligne) for ligne in session.execute(enonce.order_by(_s.suspendu_le))]


def exiger_un_titre_ouvert(session: Session, contextes: Sequence[ContextePossible]) -> None:
    """Refuse l'entrée d'une personne dont tous les titres sont suspendus ; sans titre, l'accueil le dira.

    :param contextes: à quels titres elle peut agir ce jour.
    :raises ProfilSuspendu: aucun n'est ouvert.
    """
    couples = {(c.uai, c.profil) for c in contextes}
    if not couples:
        return
    fermes = {(uai, profil) for uai, profil in session.execute(_SUSPENDUS, {"couples": sorted(couples)})}
    if fermes == couples:
        raise expliquer(session, contextes[0].uai, contextes[0].profil)


def expliquer(session: Session, uai: str, profil: str) -> ProfilSuspendu:
    """Ce que lit une personne dont le profil est suspendu : depuis quand, pourquoi, à qui s'adresser.

    :param uai: établissement.
    :param profil: profil suspendu.
    """
    e = Etablissement
    nom, telephone, courriel, motif, depuis = session.execute(
        select(e.nom, e.telephone, e.courriel, _s.motif, _s.suspendu_le)
        .join(_s, _s.uai == e.uai)
        .where(e.uai == uai, _s.profil == profil, _s.rouvert_le.is_(None))
    ).one_or_none() or ("", "", "", "autre", None)
    quand = f" depuis le {jour_long(depuis)} à {heure(depuis)}" if depuis else ""
    joindre = ", ".join(filter(None, (telephone, courriel))) or "au secrétariat"
    return ProfilSuspendu(
        f"La connexion est suspendue pour le profil « {LIBELLES_PROFILS.get(profil, profil)} »"
        f"{f' ({nom})' if nom else ''}{quand} : {MOTIFS[motif]}. Votre compte n'est pas effacé.",
        remede=f"Pour une information urgente, s'adresser à l'établissement : {joindre}.",
    )
