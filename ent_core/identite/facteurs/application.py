"""Les applications de codes (TOTP, RFC 6238) : six chiffres, une demi-minute de tolérance, un seul usage."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
import segno
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from ent_core.identite.facteurs.inventaire import Genre, nom_propose
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Facteur
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable

__all__ = ["Preparation", "confirmer", "pas_du_code", "preparer", "prouver", "reprendre"]

_PAS = 30
_ECARTS = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class Preparation:
    """Ce qu'il faut pour mettre une application en service.

    :param cle: clé à recopier, par groupes de quatre.
    :param image: code à photographier, en SVG à mettre dans une adresse ``data:``.
    """

    facteur_id: UUID
    cle: str
    image: str


def pas_du_code(secret: str, saisi: str, instant: datetime) -> int | None:
    """Demi-minute à laquelle ce code répond, à une près ; ``None`` s'il est faux.

    :param secret: clé partagée, en base 32.
    :param saisi: six chiffres.
    :param instant: heure du serveur.
    """
    courant = int(instant.timestamp()) // _PAS
    calcul = pyotp.TOTP(secret, interval=_PAS)
    trouve = None
    for ecart in _ECARTS:  # tous calculés : le temps ne dit pas lequel était le bon
        attendu = calcul.generate_otp(courant + ecart)
        if hmac.compare_digest(attendu.encode(), saisi.encode("utf-8", "surrogatepass")):
            trouve = courant + ecart
    return trouve


def preparer(
    session: Session, horloge: Horloge, compte_id: UUID, personne_id: UUID, identifiant: str, produit: str
) -> Preparation:
    """Tire la clé d'une application ; elle ne vaut rien tant qu'un premier code ne l'a pas confirmée.

    La clé qui attendait encore d'être confirmée est remplacée.

    :param identifiant: identifiant de connexion, montré par l'application.
    :param produit: nom de l'ENT, montré par l'application.
    """
    session.execute(
        delete(Facteur).where(
            Facteur.compte_id == compte_id,
            Facteur.genre == Genre.APPLICATION.value,
            Facteur.confirme_le.is_(None),
        )
    )
    secret = pyotp.random_base32()
    facteur = Facteur(
        compte_id=compte_id,
        personne_id=personne_id,
        genre=Genre.APPLICATION.value,
        nom="Application de codes",
        cree_le=horloge.maintenant(),
        secret=secret,
    )
    session.add(facteur)
    session.flush()
    return _preparation(facteur, secret, identifiant, produit)


def reprendre(
    session: Session, compte_id: UUID, facteur_id: UUID, identifiant: str, produit: str
) -> Preparation:
    """La préparation en cours, montrée de nouveau après un code faux.

    :param facteur_id: facteur à confirmer.
    :param identifiant: identifiant de connexion.
    :param produit: nom de l'ENT.
    :raises Introuvable: il n'attend plus d'être confirmé.
    """
    facteur = _en_attente(session, compte_id, facteur_id)
    return _preparation(facteur, facteur.secret or "", identifiant, produit)


def confirmer(
    session: Session, horloge: Horloge, compte_id: UUID, facteur_id: UUID, saisi: str, nom: str
) -> bool:
    """Met une application en service, si son premier code est bon.

    :param facteur_id: facteur préparé.
    :param saisi: code saisi.
    :param nom: nom voulu.
    :raises Introuvable: il n'attend plus d'être confirmé.
    """
    facteur = _en_attente(session, compte_id, facteur_id)
    instant = horloge.maintenant()
    pas = pas_du_code(facteur.secret or "", _chiffres(saisi), instant)
    if pas is None:
        return False
    facteur.dernier_pas, facteur.confirme_le, facteur.servi_le = pas, instant, instant
    facteur.nom = nom_propose(nom, "Application de codes")
    session.flush()
    consigner(
        session, horloge, "facteur.ajoute", acteur=facteur.personne_id, objet=str(compte_id),
        details={"genre": Genre.APPLICATION.value},
    )  # fmt: skip
    return True


def prouver(session: Session, horloge: Horloge, compte_id: UUID, saisi: str) -> bool:
    """Vrai si une application du compte donne ce code maintenant ; il ne servira plus, ni les précédents.

    :param compte_id: compte.
    :param saisi: code saisi.
    """
    instant, chiffres = horloge.maintenant(), _chiffres(saisi)
    facteurs = session.scalars(
        select(Facteur).where(
            Facteur.compte_id == compte_id,
            Facteur.genre == Genre.APPLICATION.value,
            Facteur.confirme_le.is_not(None),
        )
    ).all()
    for facteur in facteurs:
        pas = pas_du_code(facteur.secret or "", chiffres, instant)
        if pas is None:
            continue
        employe = session.scalar(
            update(Facteur)
            .where(Facteur.id == facteur.id, or_(Facteur.dernier_pas.is_(None), Facteur.dernier_pas < pas))
            .values(dernier_pas=pas, servi_le=instant)
            .returning(Facteur.id)
            .execution_options(synchronize_session=False)
        )
        if employe is not None:
            return True
    return False


def _en_attente(session: Session, compte_id: UUID, facteur_id: UUID) -> Facteur:
    facteur = session.scalar(
        select(Facteur).where(
            Facteur.id == facteur_id,
            Facteur.compte_id == compte_id,
            Facteur.genre == Genre.APPLICATION.value,
            Facteur.confirme_le.is_(None),
        )
    )
    if facteur is None:
        raise Introuvable(
            "cette application n'attend plus d'être ajoutée.", remede="recommencer l'ajout depuis le début."
        )
    return facteur


def _preparation(facteur: Facteur, secret: str, identifiant: str, produit: str) -> Preparation:
    adresse = pyotp.TOTP(secret, interval=_PAS).provisioning_uri(name=identifiant, issuer_name=produit)
    image = segno.make(adresse, error="m", micro=False)
    groupes = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return Preparation(facteur.id, groupes, image.svg_data_uri(scale=4, border=4, light="#fff", dark="#000"))


def _chiffres(saisi: str) -> str:
    return "".join(saisi.split())[:10]
