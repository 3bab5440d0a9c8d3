"""La connexion : freiner, vérifier, ouvrir, consigner ; la même réponse et le même temps pour tous les refus.

Toute entrée produit une ``Authentification`` : qui affirme, par quel moyen, et de qui il parle. La
connexion locale est la première ; un fournisseur d'identité en produira une autre, et la suite
(``entrer``) ne changera pas.

Aucune transaction n'est tenue pendant le calcul d'une empreinte, long de quelques dizaines de
millisecondes : un processus n'a que peu de connexions à la base.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.session import BaseDeDonnees, Portage, changer_portage, portage
from ent_core.identite import appareils, comptes, freinage, sessions
from ent_core.identite.contextes import ContextePossible, contextes_possibles
from ent_core.identite.facteurs.politique import niveau_d_entree
from ent_core.identite.freinage import Cibles
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte, SessionWeb
from ent_core.identite.passage import noter_le_passage
from ent_core.identite.refus import MotifRefus, Refus
from ent_core.identite.secrets import Coffre, CoffreSature, empreinte_jeton
from ent_core.identite.suspensions import ProfilSuspendu, exiger_un_titre_ouvert
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, ErreurEnt

__all__ = [
    "LOCALE",
    "Authentification",
    "MotifRefus",
    "Origine",
    "Ouverture",
    "Refus",
    "activer_compte",
    "changer_secret",
    "consigner_profil_suspendu",
    "entrer",
    "se_connecter",
]

LOCALE = "locale"
"""Méthode de la connexion par mot de passe."""

_PORTAGE = Portage("connexion")
_compte = Base.metadata.tables[Compte.__tablename__]
_c = _compte.c

_PAR_IDENTIFIANT = select(_c.id, _c.personne_id, _c.empreinte).where(
    _c.identifiant == bindparam("identifiant")
)


@dataclass(frozen=True, slots=True)
class Origine:
    """D'où vient une requête.

    :param adresse: adresse du navigateur ; seul son réseau est gardé.
    :param appareil: description du navigateur, pour « mes connexions ».
    :param temoin: témoin d'appareil reçu, vide s'il n'y en a pas.
    :param partagee: la personne dit être sur un poste partagé.
    """

    adresse: str
    appareil: str = ""
    temoin: str = ""
    partagee: bool = False


@dataclass(frozen=True, slots=True)
class Authentification:
    """Ce qu'une voie d'entrée affirme, preuve faite.

    :param methode: moyen (20 caractères au plus), gardé par la session et le journal.
    :param sujet: compte (voie locale), ou nom que l'émetteur donne à la personne.
    :param emetteur: fournisseur d'identité de confiance ; vide pour la voie locale.
    :param amr: moyens employés (RFC 8176), tels que l'émetteur les affirme ; ``mfa`` dit un second facteur.
    :param empreinte: empreinte du mot de passe vérifié ; si le compte en a changé depuis, rien ne s'ouvre.
    """

    methode: str
    sujet: str
    emetteur: str = ""
    amr: tuple[str, ...] = ()
    empreinte: str | None = None


@dataclass(frozen=True, slots=True)
class Ouverture:
    """Une session ouverte.

    :param jeton: à mettre dans le témoin de session.
    :param temoin: à mettre dans le témoin d'appareil ; vide si la voie n'en donne pas.
    :param avis: connexion depuis un appareil inconnu, dont la personne doit être prévenue.
    :param contextes: titres possibles ; s'il n'y en a qu'un, il est déjà choisi.
    :param precedente: connexion précédente, à montrer à la personne (SDET-SES-04).
    """

    jeton: str
    compte_id: UUID
    personne_id: UUID
    contextes: tuple[ContextePossible, ...]
    precedente: datetime | None
    temoin: str = ""
    avis: UUID | None = None


def se_connecter(
    base: BaseDeDonnees, horloge: Horloge, coffre: Coffre, identifiant: str, secret: str, origine: Origine
) -> Ouverture | Refus:
    """Connexion par identifiant et mot de passe.

    :param identifiant: identifiant saisi.
    :param secret: mot de passe saisi.
    :param origine: d'où vient la requête.
    :raises CoffreSature: trop de connexions au même instant ; l'essai ne compte pas.
    :raises ProfilSuspendu: tous ses titres sont suspendus ; l'essai ne compte pas.
    """
    nom = comptes.normaliser_identifiant(identifiant)
    cibles = freinage.cibler(coffre, horloge, nom, origine.temoin, origine.adresse)
    with base.unite(_PORTAGE) as session:
        attente = freinage.compter(session, horloge, cibles)
        compte = None if attente else session.execute(_PAR_IDENTIFIANT, {"identifiant": nom}).one_or_none()
    if attente:
        return Refus(MotifRefus.ATTENTE, attente)
    try:
        juste = coffre.verifier(compte.empreinte if compte else None, secret)
        neuve = coffre.hacher(secret) if compte and juste and coffre.a_rehacher(compte.empreinte) else None
    except CoffreSature:
        freinage.rendre(base, cibles)
        raise
    if compte is not None and juste:
        ouverture = _ouvrir(base, horloge, cibles, origine, compte, neuve)
        if ouverture is not None:
            return _avec_temoin(ouverture, coffre, nom, origine)
    cause = "inconnu" if compte is None else "ferme" if juste else "secret"
    return _refuser(base, horloge, cibles, origine, MotifRefus.INCORRECT, compte, cause)


def _ouvrir(
    base: BaseDeDonnees,
    horloge: Horloge,
    cibles: Cibles,
    origine: Origine,
    compte: Row[*tuple[Any, ...]],
    neuve: str | None,
) -> Ouverture | None:
    """Ouvre la session d'un compte dont le mot de passe vient d'être vérifié, si rien n'a changé depuis.

    :param compte: compte, tel qu'il a été lu.
    :param neuve: empreinte à garder à la place, si les paramètres de calcul ont changé.
    """
    porte = replace(_PORTAGE, personne=compte.personne_id)
    with _profil_ouvert(base, horloge, cibles, origine, compte.id), base.unite(porte) as session:
        entrant = Authentification(LOCALE, str(compte.id), empreinte=compte.empreinte)
        ouverture = entrer(session, horloge, entrant, origine)
        if ouverture is None:
            return None
        freinage.reussir(session, cibles)
        if neuve is not None:
            session.execute(update(_compte).where(_c.id == compte.id).values(empreinte=neuve))
        if cibles.compte is None or ouverture.precedente is None:
            return ouverture
        return replace(
            ouverture,
            avis=appareils.noter(
                session, horloge, compte.id, compte.personne_id, origine.appareil, origine.adresse
            ),
        )


def activer_compte(
    base: BaseDeDonnees,
    horloge: Horloge,
    coffre: Coffre,
    identifiant: str,
    code: str,
    nouveau_secret: str,
    origine: Origine,
) -> Ouverture | Refus:
    """Première connexion : le code provisoire, le choix du mot de passe, l'ouverture (SDET-AUTH-10).

    :param identifiant: identifiant saisi.
    :param code: code saisi.
    :param nouveau_secret: mot de passe choisi.
    :param origine: d'où vient la requête.
    :raises DonneeInvalide: mot de passe trop faible ; ni le code ni l'essai ne sont consommés.
    :raises CoffreSature: trop de connexions au même instant ; l'essai ne compte pas.
    :raises ProfilSuspendu: tous ses titres sont suspendus ; l'essai ne compte pas.
    """
    nom = comptes.normaliser_identifiant(identifiant)
    cibles = freinage.cibler(coffre, horloge, nom, origine.temoin, origine.adresse)
    if attente := freinage.passer(base, horloge, cibles):
        return Refus(MotifRefus.ATTENTE, attente)
    try:
        with _profil_ouvert(base, horloge, cibles, origine), base.unite(_PORTAGE) as session:
            active = comptes.activer(session, horloge, coffre, nom, code, nouveau_secret)
            authentification = Authentification(LOCALE, str(active.compte_id))
            ouverture = entrer(session, horloge, authentification, origine)
            if ouverture is None:
                raise comptes.CodeRefuse("le compte vient d'être fermé.")
            freinage.reussir(session, cibles)
        return _avec_temoin(ouverture, coffre, nom, origine)
    except comptes.CodeRefuse:
        pass
    except (DonneeInvalide, CoffreSature):
        freinage.rendre(base, cibles)
        raise
    with base.unite(_PORTAGE) as session:
        compte = session.execute(_PAR_IDENTIFIANT, {"identifiant": nom}).one_or_none()
    return _refuser(base, horloge, cibles, origine, MotifRefus.CODE, compte, "code")


def changer_secret(
    base: BaseDeDonnees,
    session: Session,
    horloge: Horloge,
    coffre: Coffre,
    jeton: str,
    ancien: str,
    nouveau: str,
) -> str | Refus:
    """Change le mot de passe d'une session ouverte, en freinant qui devine l'actuel sur un poste abandonné.

    Seul le freinage a ses propres transactions : la session web est peut-être déjà verrouillée par
    celle de la requête, et une autre l'attendrait sans fin.

    :param session: session de base de la requête.
    :param jeton: jeton d'une session reconnue.
    :param ancien: mot de passe actuel.
    :param nouveau: mot de passe choisi.
    :returns: le nouveau jeton de la session, ou un refus s'il faut attendre.
    :raises SecretActuelFaux: mot de passe actuel faux.
    :raises DonneeInvalide: nouveau mot de passe trop faible ; l'essai ne compte pas.
    """
    # Le compteur est celui du compte : la session change de jeton quand la personne change de profil.
    porteur = session.scalar(select(SessionWeb.compte_id).where(SessionWeb.jeton == empreinte_jeton(jeton)))
    cibles = Cibles(coffre.sceller("freinage.secret", str(porteur)))
    if attente := freinage.passer(base, horloge, cibles):
        return Refus(MotifRefus.ATTENTE, attente)
    try:
        suivant = comptes.changer_secret(session, horloge, coffre, jeton, ancien, nouveau)
    except comptes.SecretActuelFaux:
        raise
    except ErreurEnt:
        freinage.rendre(base, cibles)
        raise
    freinage.reussir(session, cibles)
    return suivant


def entrer(
    session: Session, horloge: Horloge, authentification: Authentification, origine: Origine
) -> Ouverture | None:
    """Ouvre la session d'une personne prouvée ; toutes les voies d'entrée y mènent.

    :param authentification: ce que la voie affirme, preuve faite.
    :param origine: d'où vient la requête.
    :returns: ``None`` si personne ne répond à ce sujet, si le compte est suspendu ou la personne en sursis.
    :raises ProfilSuspendu: la connexion est suspendue pour tous ses titres ; l'appelant le consigne.
    """
    compte = noter_le_passage(
        session,
        horloge,
        authentification.sujet,
        emetteur=authentification.emetteur,
        empreinte=authentification.empreinte,
    )
    if compte is None:
        return None
    if portage(session).personne != compte.personne_id:
        changer_portage(session, personne=compte.personne_id)
    contextes = tuple(contextes_possibles(session, compte.personne_id, horloge.aujourd_hui()))
    exiger_un_titre_ouvert(session, contextes)
    niveau = niveau_d_entree(session, horloge, authentification.amr, compte, contextes)
    seul = contextes[0] if len(contextes) == 1 else None
    jeton = sessions.ouvrir(
        session,
        horloge,
        compte_id=compte.id,
        personne_id=compte.personne_id,
        methode=authentification.methode,
        appareil=origine.appareil,
        reseau=origine.adresse,
        contexte=seul,
        niveau=niveau,
        partagee=origine.partagee,
    )
    consigner(
        session,
        horloge,
        "session.ouverte" if niveau > sessions.EN_ATTENTE else "session.attendue",
        uai=seul.uai if seul else None,
        acteur=compte.personne_id,
        objet=str(compte.id),
        details={"methode": authentification.methode},
        reseau=origine.adresse,
    )
    return Ouverture(jeton, compte.id, compte.personne_id, contextes, compte.vu_le)


@contextmanager
def _profil_ouvert(
    base: BaseDeDonnees, horloge: Horloge, cibles: Cibles, origine: Origine, compte_id: UUID | None = None
) -> Iterator[None]:
    """Une entrée que seul un profil suspendu empêche ne compte pas comme un échec ; elle se consigne."""
    try:
        yield
    except ProfilSuspendu:
        freinage.rendre(base, cibles)
        consigner_profil_suspendu(base, horloge, origine, compte_id)
        raise


def consigner_profil_suspendu(
    base: BaseDeDonnees, horloge: Horloge, origine: Origine, compte_id: UUID | None
) -> None:
    """Écrit au journal une entrée que seul un profil suspendu a empêchée.

    :param origine: d'où vient la requête.
    :param compte_id: compte, s'il est connu.
    """
    with base.unite(_PORTAGE) as session:
        consigner(
            session,
            horloge,
            "session.refusee",
            objet=str(compte_id) if compte_id else None,
            details={"cause": "profil", "attente": 0},
            reseau=origine.adresse,
        )


def _refuser(
    base: BaseDeDonnees,
    horloge: Horloge,
    cibles: Cibles,
    origine: Origine,
    motif: MotifRefus,
    compte: Row[*tuple[Any, ...]] | None,
    cause: str,
) -> Refus:
    """Compte l'échec et le consigne, sans jamais écrire ce qui a été saisi."""
    attente = freinage.echouer(base, horloge, cibles)
    with base.unite(_PORTAGE) as session:
        consigner(
            session,
            horloge,
            "session.refusee",
            objet=str(compte.id) if compte is not None else None,
            details={"cause": cause, "attente": int(attente.total_seconds())},
            reseau=origine.adresse,
        )
    return Refus(motif, attente)


def _avec_temoin(ouverture: Ouverture, coffre: Coffre, nom: str, origine: Origine) -> Ouverture:
    return replace(ouverture, temoin=freinage.jeton_appareil(coffre, nom, origine.temoin))
