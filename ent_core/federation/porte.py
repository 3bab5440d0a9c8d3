"""La porte des entrées fédérées : d'un événement prouvé à une session, ou à la preuve qui manque encore.

Toutes les voies (OpenID Connect, CAS, SAML) finissent ici ; la session, elle, s'ouvre par la seule porte de
l'ENT, ``connexion.entrer``. Aucune transaction n'est tenue pendant un échange avec un fournisseur.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.federation.demandes import DUREE
from ent_core.federation.evenement import Attributs, EntreeRefusee, EvenementAuthentification
from ent_core.federation.rapprochement import lier, rapprocher
from ent_core.identite import comptes, connexion, freinage, sessions
from ent_core.identite.connexion import Authentification, Origine, Ouverture, Refus
from ent_core.identite.modeles import Compte, EntreeEnAttente, Personne, SessionFederee, SessionWeb
from ent_core.identite.secrets import Coffre, empreinte_jeton, nouveau_jeton
from ent_core.socle.calendrier import Horloge

__all__ = ["EnAttente", "Reliee", "attendue", "entrer_par", "relier"]

_PORTAGE = Portage("connexion")
_MOTIF = "connexion : rapprocher une identité"


@dataclass(frozen=True, slots=True)
class EnAttente:
    """La personne est connue du fournisseur, pas encore d'ici : elle doit prouver son compte une fois.

    :param jeton: à mettre dans un témoin ; la base n'en garde que l'empreinte.
    """

    jeton: str


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
            return EnAttente(_attendre(session, horloge, evenement))
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
    return ouverture


def attendue(session: Session, horloge: Horloge, jeton: str) -> EvenementAuthentification | None:
    """L'entrée qui attend la preuve du compte local, si elle attend encore.

    :param session: session de la requête.
    :param jeton: témoin reçu du navigateur.
    """
    garde = session.scalar(
        select(EntreeEnAttente.evenement).where(
            EntreeEnAttente.jeton == empreinte_jeton(jeton), EntreeEnAttente.expire_le > horloge.maintenant()
        )
    )
    if garde is None:
        return None
    return EvenementAuthentification(
        fournisseur=garde["fournisseur"],
        emetteur=garde["emetteur"],
        sujet=garde["sujet"],
        methode=garde["methode"],
        attributs=Attributs(uais=tuple(garde["uais"])),
        amr=tuple(garde["amr"]),
        acr=garde["acr"],
        sid=garde["sid"],
        preuve=garde["preuve"],
    )


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
        session.execute(delete(EntreeEnAttente).where(EntreeEnAttente.jeton == empreinte_jeton(attente)))
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


def _attendre(session: Session, horloge: Horloge, evenement: EvenementAuthentification) -> str:
    jeton = nouveau_jeton()
    session.add(
        EntreeEnAttente(
            jeton=empreinte_jeton(jeton),
            evenement={
                "fournisseur": evenement.fournisseur,
                "emetteur": evenement.emetteur,
                "sujet": evenement.sujet,
                "methode": evenement.methode,
                "amr": list(evenement.amr),
                "acr": evenement.acr,
                "sid": evenement.sid,
                "preuve": evenement.preuve,
                "uais": list(evenement.attributs.uais),
            },
            expire_le=horloge.maintenant() + DUREE,
        )
    )
    return jeton


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
