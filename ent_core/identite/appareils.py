"""Les appareils inconnus : une connexion réussie d'où l'on n'était jamais venu, à reconnaître ou non.

Un appareil est connu par le témoin signé qu'il garde d'une connexion réussie (voir ``freinage``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ent_core.identite.comptes import mettre_en_securite
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import AvisAppareil, SessionWeb
from ent_core.identite.reseau import reseau_de
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable

__all__ = ["DUREE_AVIS", "Avis", "lire_avis", "lister_avis", "noter", "purger_avis", "repondre"]

DUREE_AVIS = timedelta(days=60)
"""Un avis se garde autant que le message qui y mène."""

_MONTRES = 20
_a = AvisAppareil


@dataclass(frozen=True, slots=True)
class Avis:
    """Une connexion à reconnaître.

    :param reseau_connu: d'un réseau que ce compte employait déjà.
    :param reponse: ``aucune``, ``moi`` ou ``pas_moi``.
    """

    id: UUID
    appareil: str
    reseau_connu: bool
    vu_le: datetime
    reponse: str


def noter(
    session: Session, horloge: Horloge, compte_id: UUID, personne_id: UUID, appareil: str, adresse: str
) -> UUID:
    """Note une connexion depuis un appareil inconnu, dans la transaction qui l'ouvre.

    :param compte_id: compte.
    :param personne_id: titulaire.
    :param appareil: description du navigateur.
    :param adresse: adresse de la requête ; rien n'en est gardé, sinon si son réseau est connu.
    :returns: l'avis.
    """
    instant = horloge.maintenant()
    d_ici = select(func.count()).where(
        SessionWeb.compte_id == compte_id, SessionWeb.reseau == reseau_de(adresse)
    )
    avis = _a(
        compte_id=compte_id,
        personne_id=personne_id,
        appareil=appareil or "Appareil inconnu",
        reseau_connu=(session.scalar(d_ici) or 0) > 1,  # la session qui s'ouvre y est déjà
        vu_le=instant,
    )
    session.add(avis)
    session.flush()
    consigner(session, horloge, "appareil.nouveau", acteur=personne_id, objet=str(compte_id), reseau=adresse)
    return avis.id


def lire_avis(session: Session, compte_id: UUID, avis_id: UUID) -> Avis:
    """Un avis de ce compte.

    :param compte_id: compte de qui regarde.
    :param avis_id: avis.
    :raises Introuvable: il n'est pas de ce compte, ou il est effacé.
    """
    ligne = session.execute(
        select(_a.id, _a.appareil, _a.reseau_connu, _a.vu_le, _a.reponse).where(
            _a.compte_id == compte_id, _a.id == avis_id
        )
    ).one_or_none()
    if ligne is None:
        raise Introuvable(
            "cet avis n'existe plus.", remede="regarder vos appareils connectés, dans « Mon compte »."
        )
    return Avis(*ligne)


def lister_avis(session: Session, compte_id: UUID) -> list[Avis]:
    """Avis d'un compte, le plus récent d'abord.

    :param compte_id: compte.
    """
    enonce = select(_a.id, _a.appareil, _a.reseau_connu, _a.vu_le, _a.reponse).where(
        _a.compte_id == compte_id
    )
    return [Avis(*ligne) for ligne in session.execute(enonce.order_by(_a.vu_le.desc()).limit(_MONTRES))]


def repondre(session: Session, horloge: Horloge, compte_id: UUID, avis_id: UUID, *, c_est_moi: bool) -> None:
    """Garde la réponse ; « ce n'était pas moi » met aussitôt le compte en sécurité.

    :param compte_id: compte de qui répond.
    :param avis_id: avis.
    :param c_est_moi: la personne reconnaît sa connexion.
    :raises Introuvable: l'avis n'est pas de ce compte.
    """
    personne = session.scalar(
        update(_a)
        .where(_a.compte_id == compte_id, _a.id == avis_id)
        .values(reponse="moi" if c_est_moi else "pas_moi")
        .returning(_a.personne_id)
    )
    if personne is None:
        lire_avis(session, compte_id, avis_id)
    if not c_est_moi:
        consigner(session, horloge, "appareil.refuse", acteur=personne, objet=str(compte_id))
        mettre_en_securite(session, horloge, compte_id, acteur=personne)


def purger_avis(session: Session, horloge: Horloge) -> int:
    """Efface les avis échus ; rend leur nombre."""
    limite = horloge.maintenant() - DUREE_AVIS
    return len(session.execute(delete(_a).where(_a.vu_le < limite).returning(_a.id)).all())
