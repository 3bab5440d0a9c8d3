"""Les liens personnels : un appareil relit un calendrier de l'ENT, sans s'y connecter.

Un lien porte 256 bits tirés au hasard ; la base n'en a que l'empreinte, et la personne ne le voit qu'une
fois. Il n'ouvre qu'une adresse, à lire, à un seul titre, et meurt le 31 août. Il n'a aucun droit à lui : la
personne est relue à chaque lecture (voir ``titres``). Le compte mis en sécurité ou suspendu, il n'est plus.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import case, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.identite.facteurs.inventaire import nom_propose
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte, LienPersonnel, Personne
from ent_core.identite.secrets import empreinte_jeton, nouveau_jeton
from ent_core.identite.titres import Titre
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.socle.erreurs import ErreurEnt, Introuvable, OperationRefusee

__all__ = [
    "LECTURES_PAR_JOUR",
    "LIENS_AU_PLUS",
    "LienLu",
    "LienOuvert",
    "LienTropLu",
    "creer",
    "lister",
    "ouvrir",
    "purger",
    "retirer",
    "retirer_tous",
]

LIENS_AU_PLUS = 10
"""Liens vivants d'un compte."""

LECTURES_PAR_JOUR = 300
"""Lectures d'un lien en un jour : une toutes les cinq minutes, ce qu'aucun agenda ne demande."""

_table = Base.metadata.tables[LienPersonnel.__tablename__]
_l = _table.c


class LienTropLu(ErreurEnt):
    """Le lien a été lu trop souvent aujourd'hui."""

    code = "ENT-LIEN-FREIN"
    statut_http = 429


@dataclass(frozen=True, slots=True)
class LienLu:
    """Un lien, tel que la personne le voit.

    :param adresse: chemin qu'il ouvre.
    :param vu_le: dernier jour où un appareil l'a lu.
    :param fin: premier jour où il n'ouvre plus rien.
    """

    id: UUID
    nom: str
    adresse: str
    cree_le: datetime
    vu_le: date | None
    fin: date


@dataclass(frozen=True, slots=True)
class LienOuvert:
    """Ce qu'un lien vivant permet de demander."""

    compte_id: UUID
    uai: str
    profil: str


def creer(session: Session, horloge: Horloge, titre: Titre, adresse: str, nom: str) -> str:
    """Crée un lien et rend son jeton, qui n'est gardé nulle part.

    :param titre: titre auquel la personne lit ce calendrier.
    :param adresse: chemin que le lien ouvre ; l'appelant a vérifié qu'une route l'accepte.
    :param nom: nom de l'appareil, choisi par la personne.
    :raises OperationRefusee: la personne a déjà autant de liens qu'elle peut en avoir.
    """
    # Sous verrou du compte : deux demandes simultanées ne dépassent pas la borne.
    session.execute(select(Compte.id).where(Compte.id == titre.compte_id).with_for_update())
    jour = horloge.aujourd_hui()
    nombre = session.scalar(select(func.count()).where(_l.compte_id == titre.compte_id, _l.fin > jour)) or 0
    if nombre >= LIENS_AU_PLUS:
        raise OperationRefusee(
            f"vous avez déjà {LIENS_AU_PLUS} calendriers reliés.",
            remede="retirer ceux qui ne servent plus, puis recommencer.",
        )
    jeton = nouveau_jeton()
    identifiant = session.scalar(
        insert(_table)
        .values(
            jeton=empreinte_jeton(jeton),
            compte_id=titre.compte_id,
            personne_id=titre.personne_id,
            uai=titre.uai,
            profil=titre.profil,
            adresse=adresse,
            nom=nom_propose(nom, "Mon appareil"),
            cree_le=horloge.maintenant(),
            fin=date(annee_scolaire(jour) + 1, 9, 1),
        )
        .returning(_l.id)
    )
    consigner(
        session, horloge, "lien_personnel.cree", uai=titre.uai, acteur=titre.personne_id,
        objet=str(identifiant),
    )  # fmt: skip
    return jeton


def ouvrir(session: Session, horloge: Horloge, jeton: str, adresse: str) -> LienOuvert | None:
    """Lien vivant de cette adresse, dont la lecture est comptée ; ``None`` s'il n'ouvre rien.

    :param jeton: jeton reçu.
    :param adresse: chemin demandé.
    :raises LienTropLu: l'appareil l'a déjà trop lu aujourd'hui.
    """
    jour = horloge.aujourd_hui()
    du_jour = _l.vu_le == jour
    ligne = session.execute(
        update(_table)
        .where(_l.jeton == empreinte_jeton(jeton), _l.adresse == adresse, _l.fin > jour)
        .values(vu_le=jour, lectures=case((du_jour, _l.lectures + 1), else_=1))
        .returning(_l.compte_id, _l.uai, _l.profil, _l.lectures)
    ).one_or_none()
    if ligne is None:
        return None
    if ligne.lectures > LECTURES_PAR_JOUR:
        raise LienTropLu(
            "ce calendrier a été lu trop souvent aujourd'hui.",
            remede="régler l'agenda pour qu'il le relise quelques fois par jour.",
        )
    return LienOuvert(ligne.compte_id, ligne.uai, ligne.profil)


def lister(session: Session, horloge: Horloge, compte_id: UUID) -> list[LienLu]:
    """Liens vivants d'un compte, le plus récent d'abord.

    :param compte_id: compte.
    """
    enonce = (
        select(_l.id, _l.nom, _l.adresse, _l.cree_le, _l.vu_le, _l.fin)
        .where(_l.compte_id == compte_id, _l.fin > horloge.aujourd_hui())
        .order_by(_l.cree_le.desc(), _l.id)
    )
    return [LienLu(*ligne) for ligne in session.execute(enonce)]


def retirer(session: Session, horloge: Horloge, compte_id: UUID, lien_id: UUID) -> None:
    """Retire un lien : l'appareil ne lit plus rien, dès sa prochaine demande.

    :param compte_id: compte de la personne qui le demande.
    :param lien_id: lien.
    :raises Introuvable: ce lien n'est pas de ce compte, ou n'existe plus.
    """
    ote = session.execute(
        delete(_table).where(_l.compte_id == compte_id, _l.id == lien_id).returning(_l.uai, _l.personne_id)
    ).one_or_none()
    if ote is None:
        raise Introuvable("ce lien n'existe plus.", remede="rafraîchir la page.")
    consigner(
        session, horloge, "lien_personnel.retire", uai=ote.uai, acteur=ote.personne_id, objet=str(lien_id)
    )


def retirer_tous(session: Session, comptes: Collection[UUID]) -> None:
    """Retire tous les liens de ces comptes : un voleur a pu en créer. L'appelant consigne son acte.

    :param comptes: comptes suspendus ou mis en sécurité.
    """
    session.execute(delete(_table).where(_l.compte_id.in_(list(comptes))))


def purger(session: Session, horloge: Horloge) -> int:
    """Efface les liens échus et ceux de personnes parties ; rend leur nombre."""
    parties = select(Personne.id).where(Personne.sursis_depuis.is_not(None))
    morts = or_(_l.fin <= horloge.aujourd_hui(), _l.personne_id.in_(parties))
    return len(session.execute(delete(_table).where(morts).returning(_l.id)).all())
