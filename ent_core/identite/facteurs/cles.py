"""Les clés d'accès (WebAuthn) : une serrure par service, que l'hameçonnage ne trompe pas.

La bibliothèque vérifie les signatures ; ce module tient ce qu'elle laisse à l'appelant : le défi d'un seul
usage, le compteur, et qui a le droit de quoi.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.facteurs import defis
from ent_core.identite.facteurs.defis import Usage
from ent_core.identite.facteurs.inventaire import Genre, nom_propose
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Facteur
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee

__all__ = ["Lieu", "ajouter", "demander_ajout", "demander_preuve", "verifier"]

_MAXIMALES = 10
_REPONSE_MAXIMALE = 20_000


@dataclass(frozen=True, slots=True)
class Lieu:
    """Ce à quoi une clé est liée : elle ne répond nulle part ailleurs.

    :param domaine: nom de domaine, sans port.
    :param origine: adresse exacte des pages.
    :param produit: nom de l'ENT.
    """

    domaine: str
    origine: str
    produit: str


def demander_ajout(
    session: Session, horloge: Horloge, lieu: Lieu, navigateur: str, compte_id: UUID, identifiant: str
) -> str:
    """Ce que le navigateur doit demander à la clé pour l'ajouter, en JSON.

    :param navigateur: session du navigateur.
    :param compte_id: compte.
    :param identifiant: identifiant de connexion, montré par la clé.
    """
    return options_to_json(
        generate_registration_options(
            rp_id=lieu.domaine,
            rp_name=lieu.produit,
            user_id=compte_id.bytes,
            user_name=identifiant,
            challenge=defis.lancer(session, horloge, navigateur, Usage.AJOUTER),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=c) for c in _cles(session, compte_id)],
        )
    )


def ajouter(
    base: BaseDeDonnees,
    session: Session,
    horloge: Horloge,
    lieu: Lieu,
    *,
    navigateur: str,
    compte_id: UUID,
    personne_id: UUID,
    reponse: str,
    nom: str,
) -> None:
    """Ajoute une clé au compte.

    :param navigateur: session du navigateur, celle qui a demandé l'ajout.
    :param reponse: réponse de la clé, en JSON.
    :param nom: nom voulu.
    :raises DonneeInvalide: réponse illisible, signature fausse, défi inconnu, échu ou déjà employé.
    :raises OperationRefusee: clé déjà ajoutée, ou trop de clés.
    """
    lue = _lire(reponse)
    defi = _consommer(base, horloge, navigateur, Usage.AJOUTER, lue)
    try:
        verifiee = verify_registration_response(
            credential=lue,
            expected_challenge=defi,
            expected_rp_id=lieu.domaine,
            expected_origin=lieu.origine,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as erreur:
        raise _refusee() from erreur
    if len(_cles(session, compte_id)) >= _MAXIMALES:
        raise OperationRefusee(
            f"votre compte a déjà {_MAXIMALES} clés d'accès.", remede="en retirer une, puis recommencer."
        )
    if session.scalar(select(Facteur.id).where(Facteur.cle_id == verifiee.credential_id)) is not None:
        raise OperationRefusee("cette clé d'accès est déjà ajoutée.", remede="en choisir une autre.")
    instant = horloge.maintenant()
    session.add(
        Facteur(
            compte_id=compte_id,
            personne_id=personne_id,
            genre=Genre.CLE.value,
            nom=nom_propose(nom, "Clé d'accès"),
            cree_le=instant,
            confirme_le=instant,
            cle_id=verifiee.credential_id,
            cle_publique=verifiee.credential_public_key,
            compteur=verifiee.sign_count,
        )
    )
    session.flush()
    consigner(
        session, horloge, "facteur.ajoute", acteur=personne_id, objet=str(compte_id),
        details={"genre": Genre.CLE.value},
    )  # fmt: skip


def demander_preuve(
    session: Session,
    horloge: Horloge,
    lieu: Lieu,
    navigateur: str,
    usage: Usage,
    compte_id: UUID | None = None,
) -> str:
    """Ce que le navigateur doit demander à la clé pour se prouver, en JSON.

    :param navigateur: session, ou témoin, du navigateur.
    :param usage: entrer sans mot de passe, ou donner un second facteur.
    :param compte_id: compte à prouver ; ``None`` pour laisser la clé dire lequel.
    """
    connues = _cles(session, compte_id) if compte_id else []
    exigee, voulue = UserVerificationRequirement.REQUIRED, UserVerificationRequirement.PREFERRED
    return options_to_json(
        generate_authentication_options(
            rp_id=lieu.domaine,
            challenge=defis.lancer(session, horloge, navigateur, usage),
            allow_credentials=[PublicKeyCredentialDescriptor(id=c) for c in connues],
            user_verification=voulue if compte_id else exigee,
        )
    )


def verifier(
    base: BaseDeDonnees,
    session: Session,
    horloge: Horloge,
    lieu: Lieu,
    *,
    navigateur: str,
    usage: Usage,
    reponse: str,
    compte_id: UUID | None = None,
) -> UUID:
    """Vérifie la réponse d'une clé ; rend le compte qu'elle prouve.

    Sans compte attendu, la clé doit avoir vérifié la personne (code, empreinte, visage) : seule, elle vaut
    alors deux preuves.

    :param navigateur: session, ou témoin, du navigateur.
    :param usage: celui du défi.
    :param reponse: réponse de la clé, en JSON.
    :param compte_id: compte à prouver, s'il est connu.
    :raises DonneeInvalide: tout ce qui n'est pas une preuve ; on ne dit pas quoi.
    """
    lue = _lire(reponse)
    defi = _consommer(base, horloge, navigateur, usage, lue)
    facteur = _trouver(session, lue, compte_id)
    try:
        verifiee = verify_authentication_response(
            credential=lue,
            expected_challenge=defi,
            expected_rp_id=lieu.domaine,
            expected_origin=lieu.origine,
            credential_public_key=facteur.cle_publique,
            credential_current_sign_count=facteur.compteur,
            require_user_verification=compte_id is None,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as erreur:
        raise _refusee() from erreur
    servie = session.scalar(
        update(Facteur)
        .where(
            Facteur.id == facteur.id,
            # Un compteur qui n'avance pas, quand la clé en tient un, trahit une copie.
            or_(Facteur.compteur < verifiee.new_sign_count, Facteur.compteur == 0),
        )
        .values(compteur=verifiee.new_sign_count, servi_le=horloge.maintenant())
        .returning(Facteur.id)
    )
    if servie is None:
        raise _refusee()
    trouve: UUID = facteur.compte_id
    return trouve


def _cles(session: Session, compte_id: UUID) -> list[bytes]:
    enonce = select(Facteur.cle_id).where(Facteur.compte_id == compte_id, Facteur.cle_id.is_not(None))
    return [cle for cle in session.scalars(enonce) if cle is not None]


def _trouver(session: Session, lue: dict[str, Any], compte_id: UUID | None) -> Row[*tuple[Any, ...]]:
    enonce = select(Facteur.id, Facteur.compte_id, Facteur.cle_publique, Facteur.compteur).where(
        Facteur.cle_id == _octets(lue.get("rawId"))
    )
    if compte_id is not None:
        enonce = enonce.where(Facteur.compte_id == compte_id)
    facteur = session.execute(enonce).one_or_none()
    donnee = lue.get("response")
    titulaire = donnee.get("userHandle") if isinstance(donnee, dict) else None
    if facteur is None or (titulaire and _octets(titulaire) != facteur.compte_id.bytes):
        raise _refusee()
    return facteur


def _consommer(
    base: BaseDeDonnees, horloge: Horloge, navigateur: str, usage: Usage, lue: dict[str, Any]
) -> bytes:
    try:
        client = json.loads(_octets(lue["response"]["clientDataJSON"]))
        defi = _octets(client["challenge"])
    except (KeyError, TypeError, ValueError) as erreur:
        raise _refusee() from erreur
    if not defis.consommer(base, horloge, navigateur, usage, defi):
        raise _refusee()
    return defi


def _lire(reponse: str) -> dict[str, Any]:
    try:
        lue = json.loads(reponse[:_REPONSE_MAXIMALE])
    except ValueError as erreur:
        raise _refusee() from erreur
    if not isinstance(lue, dict):
        raise _refusee()
    return lue


def _octets(texte: Any) -> bytes:
    try:
        return base64url_to_bytes(texte)
    except (binascii.Error, AttributeError, TypeError, ValueError) as erreur:
        raise _refusee() from erreur


def _refusee() -> DonneeInvalide:
    return DonneeInvalide(
        "la clé d'accès n'a pas été reconnue.",
        remede="recommencer ; si elle ne l'est toujours pas, employer un autre moyen.",
    )
