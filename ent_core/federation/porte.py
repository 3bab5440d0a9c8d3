"""La porte des entrées fédérées : d'un événement prouvé à une session, ou à la preuve qui manque encore.

Toutes les voies (OpenID Connect, CAS, SAML) finissent ici ; la session, elle, s'ouvre par la seule porte de
l'ENT, ``connexion.entrer``. Aucune transaction n'est tenue pendant un échange avec un fournisseur.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.federation.attentes import attendre, attendue, finir
from ent_core.federation.client_oidc.refus import refuser
from ent_core.federation.demandes import consommer
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.federation.rapprochement import lier, rapprocher
from ent_core.identite import appareils, comptes, connexion, freinage, sessions
from ent_core.identite.connexion import Authentification, Origine, Ouverture, Refus
from ent_core.identite.modeles import Compte, Personne, SessionFederee, SessionWeb
from ent_core.identite.secrets import Coffre, empreinte_jeton
from ent_core.socle.calendrier import Horloge

__all__ = ["Annoncee", "EnAttente", "Reliee", "annoncer", "entrer_par", "exiger_inedit", "relier"]

_PORTAGE = Portage("connexion")
_MOTIF = "connexion : rapprocher une identité"


@dataclass(frozen=True, slots=True)
class EnAttente:
    """La personne est connue du fournisseur, pas encore d'ici : elle doit prouver son compte une fois.

    :param jeton: à mettre dans un témoin ; la base n'en garde que l'empreinte.
    """

    jeton: str


@dataclass(frozen=True, slots=True)
class Annoncee:
    """Une personne que son fournisseur envoie de lui-même.

    :param jeton: à mettre dans un témoin.
    :param connue: faux si elle doit d'abord prouver son compte d'ici.
    """

    jeton: str
    connue: bool


@dataclass(frozen=True, slots=True)
class Reliee:
    """Une session ouverte par la preuve du compte local.

    :param liee: faux si un second facteur est encore attendu : le lien se fera à la prochaine entrée.
    """

    ouverture: Ouverture
    liee: bool


def entrer_par(
    base: BaseDeDonnees,
    horloge: Horloge,
    coffre: Coffre,
    fournisseur: Fournisseur,
    evenement: EvenementAuthentification,
    origine: Origine,
) -> Ouverture | EnAttente:
    """Fait entrer la personne qu'un fournisseur affirme.

    :param fournisseur: déclaration du fournisseur.
    :param evenement: ce qu'il affirme, preuve faite.
    :param origine: d'où vient la requête.
    :raises EntreeRefusee: compte fermé, plusieurs personnes, lien déjà pris.
    :raises ProfilSuspendu: la connexion est suspendue pour tous ses titres.
    """
    with base.academie(_MOTIF) as session:
        trouvees = rapprocher(session, horloge.aujourd_hui(), fournisseur, evenement)
        if trouvees is None:
            return EnAttente(attendre(session, horloge, evenement))
        lier(session, horloge, evenement, trouvees.personnes, trouvees.moyen)
    with base.unite(_PORTAGE) as session:
        ouverture = connexion.entrer(session, horloge, evenement.authentification(fournisseur), origine)
        if ouverture is None:
            raise EntreeRefusee(
                "ferme",
                "le service de connexion vous a reconnu, mais votre compte est fermé.",
                remede="l'établissement peut le rouvrir : lui donner le code ci-dessous.",
            )
        _noter(session, evenement, ouverture)
        if len(trouvees.personnes) > 1:
            # Plusieurs fiches : la personne voit tous ses titres, et choisit.
            session.execute(
                update(SessionWeb)
                .where(SessionWeb.jeton == empreinte_jeton(ouverture.jeton))
                .values(uai=None, profil=None)
                .execution_options(synchronize_session=False)
            )
        return _reconnaitre_l_appareil(session, horloge, coffre, ouverture, origine)


def exiger_inedit(base: BaseDeDonnees, evenement: EvenementAuthentification) -> None:
    """Refuse une affirmation à usage unique déjà vue, quels que soient le serveur et le message.

    :param evenement: ce qu'un fournisseur affirme, preuve faite.
    :raises EntreeRefusee: elle a déjà servi.
    """
    if evenement.expire_le is None:
        return
    with base.unite(_PORTAGE) as session:
        if not consommer(session, evenement.emetteur, evenement.jeton, evenement.expire_le):
            raise refuser("rejeu", "sa réponse a déjà servi")


def annoncer(
    base: BaseDeDonnees, horloge: Horloge, fournisseur: Fournisseur, evenement: EvenementAuthentification
) -> Annoncee:
    """Reconnaît la personne qu'un fournisseur envoie de lui-même, sans rien ouvrir encore.

    Le navigateur ne montre la session déjà ouverte qu'à la requête suivante : c'est là que l'on entre.

    :param fournisseur: déclaration du fournisseur.
    :param evenement: ce qu'il affirme, preuve faite.
    :raises EntreeRefusee: compte fermé, plusieurs personnes, lien déjà pris.
    """
    with base.academie(_MOTIF) as session:
        trouvees = rapprocher(session, horloge.aujourd_hui(), fournisseur, evenement)
        if trouvees is not None:
            lier(session, horloge, evenement, trouvees.personnes, trouvees.moyen)
        return Annoncee(attendre(session, horloge, evenement), trouvees is not None)


def relier(
    base: BaseDeDonnees,
    horloge: Horloge,
    coffre: Coffre,
    jeton: str,
    identifiant: str,
    secret: str,
    origine: Origine,
) -> Reliee | Refus:
    """Relie l'entrée en attente au compte que la personne prouve, par son mot de passe ou par son code.

    :param jeton: témoin de l'entrée en attente.
    :param identifiant: identifiant saisi.
    :param secret: mot de passe, ou code d'activation, qui ne sert qu'une fois.
    :param origine: d'où vient la requête.
    :raises EntreeRefusee: l'attente est finie, ou ce sujet mène déjà à un autre compte.
    :raises CoffreSature: trop de connexions au même instant.
    """
    with base.unite(_PORTAGE) as session:
        evenement = attendue(session, horloge, jeton)
    if evenement is None:
        raise EntreeRefusee(
            "attente", "cette demande a trop tardé.", remede="recommencer depuis la page de connexion."
        )
    resultat = connexion.se_connecter(base, horloge, coffre, identifiant, secret, origine)
    if isinstance(resultat, Refus):
        if resultat.attente:
            return resultat
        par_code = _par_le_code(base, horloge, coffre, identifiant, secret, origine)
        if par_code is None:
            return resultat
        resultat = par_code
    try:
        return Reliee(resultat, _lier_la_session(base, horloge, evenement, jeton, resultat))
    except EntreeRefusee:
        with base.unite(_PORTAGE) as session:
            sessions.fermer(session, horloge, resultat.jeton)
        raise


def _lier_la_session(
    base: BaseDeDonnees,
    horloge: Horloge,
    evenement: EvenementAuthentification,
    attente: str,
    ouverture: Ouverture,
) -> bool:
    """Faux si la session attend son second facteur : un mot de passe volé ne suffit pas à poser un lien."""
    with base.academie(_MOTIF) as session:
        niveau = session.scalar(
            select(SessionWeb.niveau).where(SessionWeb.jeton == empreinte_jeton(ouverture.jeton))
        )
        if not niveau:
            return False
        lier(session, horloge, evenement, [ouverture.personne_id], "preuve")
        _noter(session, evenement, ouverture)
        finir(session, attente)
    return True


def _par_le_code(
    base: BaseDeDonnees, horloge: Horloge, coffre: Coffre, identifiant: str, code: str, origine: Origine
) -> Ouverture | None:
    """Le code de la lettre prouve aussi le compte : il est consommé, et aucun mot de passe n'est créé.

    L'essai a déjà été compté comme un échec par la connexion ; réussi, il est rendu.
    """
    nom, propose = comptes.normaliser_identifiant(identifiant), coffre.sceller_code(code)
    with base.unite(_PORTAGE) as session:
        compte = session.execute(
            select(Compte.id, Compte.code_empreinte)
            .join(Personne, Personne.id == Compte.personne_id)
            .where(
                Compte.identifiant == nom,
                Compte.etat == "a_activer",
                Compte.code_expire_le > horloge.maintenant(),
                Personne.sursis_depuis.is_(None),
            )
        ).one_or_none()
        if compte is None or not hmac.compare_digest(compte.code_empreinte or "", propose):
            return None
        consomme = session.scalar(
            update(Compte)
            .where(Compte.id == compte.id, Compte.code_empreinte == propose)
            .values(code_empreinte=None, code_expire_le=None)
            .returning(Compte.id)
            .execution_options(synchronize_session=False)
        )
        if consomme is None:
            return None
        freinage.reussir(session, freinage.cibler(coffre, horloge, nom, origine.temoin, origine.adresse))
        return connexion.entrer(session, horloge, Authentification("code", str(compte.id)), origine)


def _reconnaitre_l_appareil(
    session: Session, horloge: Horloge, coffre: Coffre, ouverture: Ouverture, origine: Origine
) -> Ouverture:
    """Comme après une connexion par mot de passe : l'appareil est reconnu, ou la personne en est prévenue."""
    nom = session.scalar(select(Compte.identifiant).where(Compte.id == ouverture.compte_id)) or ""
    connu = freinage.cibler(coffre, horloge, nom, origine.temoin, origine.adresse).compte is None
    avis = (
        None
        if connu or ouverture.precedente is None
        else appareils.noter(
            session, horloge, ouverture.compte_id, ouverture.personne_id, origine.appareil, origine.adresse
        )
    )
    return replace(ouverture, avis=avis, temoin=freinage.jeton_appareil(coffre, nom, origine.temoin))


def _noter(session: Session, evenement: EvenementAuthentification, ouverture: Ouverture) -> None:
    identifiant: UUID | None = session.scalar(
        select(SessionWeb.id).where(SessionWeb.jeton == empreinte_jeton(ouverture.jeton))
    )
    session.execute(
        insert(SessionFederee).values(
            session_id=identifiant,
            personne_id=ouverture.personne_id,
            fournisseur=evenement.fournisseur,
            emetteur=evenement.emetteur,
            sujet=evenement.sujet,
            sid=evenement.sid or None,
            preuve=evenement.preuve or None,
        )
    )
