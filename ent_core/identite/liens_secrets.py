"""Les liens d'un seul usage, envoyés par courriel : prouver une adresse, choisir un autre mot de passe.

256 bits au hasard, une heure au plus, un seul lien vivant par compte et par usage ; la base n'en garde que
l'empreinte. Le jeton naît dans le travail qui l'envoie : la demande n'en sait rien, et ne dit pas si le
compte existe.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.identite.comptes import exiger_de_la_personne, remplacer_secret
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import AdresseVerifiee, Compte, LienSecret, Personne
from ent_core.identite.secrets import Coffre, empreinte_jeton, nouveau_jeton
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee

__all__ = [
    "DUREE_LIEN",
    "LienPerdu",
    "Usage",
    "adresse_verifiee",
    "confirmer_adresse",
    "creer_lien",
    "destinataire",
    "lien_vivant",
    "oublier_adresse",
    "purger_liens",
    "reprendre",
]

DUREE_LIEN = timedelta(hours=1)
"""Validité d'un lien."""

_l = LienSecret


class Usage(StrEnum):
    """Ce qu'un lien permet."""

    SECRET = "secret"  # noqa: S105 - un nom, pas un mot de passe
    ADRESSE = "adresse"


class LienPerdu(OperationRefusee):
    """Le lien a servi, a expiré, ou un autre l'a remplacé : la réponse est la même."""

    code = "ENT-LIEN"
    statut_http = 410


@dataclass(frozen=True, slots=True)
class DestinataireDuLien:
    """Où part un lien.

    :param adresse: adresse prouvée.
    """

    compte_id: UUID
    personne_id: UUID
    adresse: str


def adresse_verifiee(session: Session, compte_id: UUID) -> str:
    """Adresse prouvée d'un compte ; vide s'il n'en a pas.

    :param compte_id: compte.
    """
    a = AdresseVerifiee
    return session.scalar(select(a.adresse).where(a.compte_id == compte_id)) or ""


def destinataire(session: Session, compte_id: UUID) -> DestinataireDuLien | None:
    """À qui envoyer un lien de mot de passe : compte actif, personne présente, adresse prouvée.

    :param compte_id: compte demandé ; il peut ne pas exister.
    """
    a = AdresseVerifiee
    ligne = session.execute(
        select(Compte.id, Compte.personne_id, a.adresse)
        .join(a, a.compte_id == Compte.id)
        .join(Personne, Personne.id == Compte.personne_id)
        .where(Compte.id == compte_id, Compte.etat == "actif", Personne.sursis_depuis.is_(None))
    ).one_or_none()
    return DestinataireDuLien(*ligne) if ligne else None


def creer_lien(
    session: Session, horloge: Horloge, usage: Usage, compte_id: UUID, personne_id: UUID, adresse: str
) -> str:
    """Crée un lien et rend son jeton ; le lien précédent du même usage ne vaut plus rien.

    :param usage: ce qu'il permet.
    :param compte_id: compte.
    :param personne_id: titulaire.
    :param adresse: adresse où il part.
    """
    jeton = nouveau_jeton()
    valeurs: dict[str, Any] = {
        "jeton": empreinte_jeton(jeton), "adresse": adresse, "expire_le": horloge.maintenant() + DUREE_LIEN,
    }  # fmt: skip
    session.execute(
        insert(_l)
        .values(compte_id=compte_id, personne_id=personne_id, usage=usage.value, **valeurs)
        .on_conflict_do_update(index_elements=[_l.compte_id, _l.usage], set_=valeurs)
    )
    return jeton


def lien_vivant(session: Session, horloge: Horloge, usage: Usage, jeton: str) -> bool:
    """Vrai si ce lien peut encore servir ; le regarder ne l'use pas.

    :param usage: ce qu'il permet.
    :param jeton: jeton reçu.
    """
    return _lire(session, horloge, usage, jeton) is not None


def reprendre(session: Session, horloge: Horloge, coffre: Coffre, jeton: str, nouveau: str) -> UUID:
    """Choisit un autre mot de passe par un lien : il sert une fois, et ferme toutes les sessions.

    Un mot de passe refusé ne consomme pas le lien.

    :param jeton: jeton reçu.
    :param nouveau: mot de passe choisi.
    :returns: la personne, à prévenir.
    :raises LienPerdu: lien inconnu, servi ou expiré.
    :raises DonneeInvalide: mot de passe trop faible.
    """
    lien = _lire(session, horloge, Usage.SECRET, jeton)
    if lien is None or destinataire(session, lien.compte_id) is None:
        raise _perdu()
    exiger_de_la_personne(session, horloge, lien.compte_id, nouveau)
    _consommer(session, lien)
    remplacer_secret(session, horloge, coffre, lien.compte_id, nouveau)
    consigner(session, horloge, "compte.secret_repris", acteur=lien.personne_id, objet=str(lien.compte_id))
    personne: UUID = lien.personne_id
    return personne


def confirmer_adresse(session: Session, horloge: Horloge, jeton: str) -> UUID:
    """Prouve une adresse par le lien qu'elle a reçu ; elle remplace la précédente.

    :param jeton: jeton reçu.
    :returns: la personne, à prévenir.
    :raises LienPerdu: lien inconnu, servi ou expiré.
    """
    lien = _lire(session, horloge, Usage.ADRESSE, jeton)
    if lien is None or not _ouvert(session, lien.compte_id):
        raise _perdu()
    _consommer(session, lien)
    a = AdresseVerifiee
    valeurs: dict[str, Any] = {"adresse": lien.adresse, "verifiee_le": horloge.maintenant()}
    session.execute(
        insert(a)
        .values(compte_id=lien.compte_id, personne_id=lien.personne_id, **valeurs)
        .on_conflict_do_update(index_elements=[a.compte_id], set_=valeurs)
    )
    consigner(session, horloge, "compte.adresse_verifiee", acteur=lien.personne_id, objet=str(lien.compte_id))
    personne: UUID = lien.personne_id
    return personne


def oublier_adresse(session: Session, horloge: Horloge, compte_id: UUID, personne_id: UUID) -> None:
    """Retire l'adresse prouvée, et tout lien qui y serait parti. Sans effet s'il n'y en a pas.

    :param compte_id: compte.
    :param personne_id: titulaire, qui le demande.
    """
    a = AdresseVerifiee
    otee = session.scalar(delete(a).where(a.compte_id == compte_id).returning(a.compte_id))
    session.execute(delete(_l).where(_l.compte_id == compte_id))
    if otee is not None:
        consigner(session, horloge, "compte.adresse_oubliee", acteur=personne_id, objet=str(compte_id))


def purger_liens(session: Session, horloge: Horloge) -> int:
    """Efface les liens expirés ; rend leur nombre."""
    perdus = delete(_l).where(_l.expire_le <= horloge.maintenant()).returning(_l.compte_id)
    return len(session.execute(perdus).all())


def _lire(session: Session, horloge: Horloge, usage: Usage, jeton: str) -> Row[*tuple[Any, ...]] | None:
    return session.execute(
        select(_l.jeton, _l.compte_id, _l.personne_id, _l.adresse).where(
            _l.jeton == empreinte_jeton(jeton),
            _l.usage == usage.value,
            _l.expire_le > horloge.maintenant(),
        )
    ).one_or_none()


def _ouvert(session: Session, compte_id: UUID) -> bool:
    """Vrai si le compte est actif et sa personne présente : suspendu, il n'apprend plus rien de personne."""
    ouvert = (
        select(Compte.id)
        .join(Personne, Personne.id == Compte.personne_id)
        .where(Compte.id == compte_id, Compte.etat == "actif", Personne.sursis_depuis.is_(None))
    )
    return session.scalar(ouvert) is not None


def _consommer(session: Session, lien: Row[*tuple[Any, ...]]) -> None:
    """Deux envois simultanés du même lien se suivent sur sa ligne : le second n'a plus rien."""
    if session.scalar(delete(_l).where(_l.jeton == lien.jeton).returning(func.now())) is None:
        raise _perdu()


def _perdu() -> LienPerdu:
    return LienPerdu(
        "ce lien a déjà servi, ou a plus d'une heure.", remede="en demander un autre, puis l'ouvrir aussitôt."
    )
