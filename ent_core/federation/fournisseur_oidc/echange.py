"""Le point de jetons : un code, ou un jeton de suite, contre ce que la personne a ouvert au service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ent_core.contrat.services import OptionsOidc, Protocole, ServiceTiers
from ent_core.federation.emission import compter
from ent_core.federation.fournisseur_oidc import cles, codes, jetons
from ent_core.federation.fournisseur_oidc.clients import AppelDeService, reconnaitre
from ent_core.federation.fournisseur_oidc.identite import (
    identite,
    informations,
    numero_de_session,
    signer,
)
from ent_core.federation.fournisseur_oidc.mandat import Mandat, encore_valable
from ent_core.federation.fournisseur_oidc.refus import RefusOidc
from ent_core.federation.parties import inscrire, reconnue
from ent_core.federation.services import ServiceConnu, empeche, fermes_ici
from ent_core.identite.journal import consigner
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge

__all__ = ["ServeurOidc", "echanger", "encore_ouvert", "infos"]


@dataclass(frozen=True, slots=True)
class ServeurOidc:
    """Ce dont le fournisseur a besoin pour répondre.

    :param emetteur: adresse de l'ENT, telle que les services la connaissent.
    :param services: services connus.
    """

    horloge: Horloge
    coffre: Coffre
    emetteur: str
    services: Sequence[ServiceConnu]


def echanger(session: Session, serveur: ServeurOidc, appel: AppelDeService) -> dict[str, Any]:
    """Réponse du point de jetons.

    Un refus se valide aussi : un code rejoué éteint ses jetons, et le journal le retient.

    :param session: session de l'académie.
    :param serveur: instance.
    :param appel: ce que le service envoie.
    :raises RefusOidc: demande refusée.
    """
    sorte = appel.champ("grant_type")
    if not sorte:
        raise RefusOidc("invalid_request", "grant_type manque")
    if sorte not in ("authorization_code", "refresh_token"):
        raise RefusOidc("unsupported_grant_type", "grant_type inconnu")
    connu = reconnaitre(appel, serveur.services)
    if sorte == "authorization_code":
        return _par_code(session, serveur, appel, connu)
    return _par_suite(session, serveur, appel, connu)


def encore_ouvert(session: Session, horloge: Horloge, connu: ServiceConnu, mandat: Mandat) -> bool:
    """Vrai si le service s'ouvre encore à cette école et à ce profil.

    :param session: session de l'académie.
    :param connu: service.
    :param mandat: à quel titre la personne l'a ouvert.
    """
    fermes, briques = fermes_ici(session, mandat.uai), frozenset({connu.brique})
    jour = horloge.aujourd_hui()
    return empeche(connu, mandat.uai, mandat.profil, jour, fermes, briques) is None


def infos(session: Session, serveur: ServeurOidc, jeton: str) -> dict[str, Any]:
    """Réponse du point d'information (« userinfo »).

    :param session: session de l'académie.
    :param jeton: jeton d'accès présenté.
    :raises RefusOidc: jeton inconnu, expiré, éteint, ou service fermé depuis.
    """
    acces = jetons.acces(session, serveur.horloge, jeton)
    lu = jetons.lire(session, serveur.horloge, jeton) if acces else None
    connu = next((c for c in serveur.services if lu and c.service.cle == lu.mandat.service), None)
    if lu is None or connu is None or not encore_ouvert(session, serveur.horloge, connu, lu.mandat):
        raise RefusOidc("invalid_token", "jeton inconnu, perdu ou retire", statut=401)
    return _dire(session, serveur, connu.service, lu.mandat)


def _par_code(
    session: Session, serveur: ServeurOidc, appel: AppelDeService, connu: ServiceConnu
) -> dict[str, Any]:
    presente, retour, preuve = appel.champ("code"), appel.champ("redirect_uri"), appel.champ("code_verifier")
    if not presente or not preuve:
        raise RefusOidc("invalid_request", "code et code_verifier sont exiges")
    lu = codes.prendre(session, serveur.horloge, presente)
    if lu is None:
        raise RefusOidc("invalid_grant", "code inconnu")
    mandat = lu.mandat
    if lu.rejoue:
        jetons.eteindre(session, serveur.horloge, mandat.famille)
        raise _refuser(session, serveur, mandat, "rejeu", "code deja servi : ses jetons sont eteints")
    if not lu.neuf:
        raise _refuser(session, serveur, mandat, "expire", "code perdu : il vivait une minute")
    if mandat.service != connu.service.cle:
        raise _refuser(session, serveur, mandat, "autre_service", "code donne a un autre service")
    if retour != lu.retour:
        raise _refuser(session, serveur, mandat, "retour", "redirect_uri differe de la demande")
    if not codes.preuve_juste(lu.defi, preuve):
        raise _refuser(session, serveur, mandat, "preuve", "code_verifier ne va pas avec la demande")
    donnes = jetons.emettre(session, serveur.horloge, _exiger(session, serveur, connu, mandat))
    return _repondre(session, serveur, connu.service, mandat, donnes, lu.nonce)


def _par_suite(
    session: Session, serveur: ServeurOidc, appel: AppelDeService, connu: ServiceConnu
) -> dict[str, Any]:
    presente, voulues = appel.champ("refresh_token"), appel.champ("scope").split()
    if not presente:
        raise RefusOidc("invalid_request", "refresh_token manque")
    lu = jetons.lire(session, serveur.horloge, presente)
    if lu is None or lu.sorte != "suite" or lu.mandat.service != connu.service.cle:
        raise RefusOidc("invalid_grant", "jeton inconnu")
    if not set(voulues) <= set(lu.mandat.portees):
        raise RefusOidc("invalid_scope", "portee plus large que celle accordee")
    tourne = jetons.tourner(
        session, serveur.horloge, presente, connu.service.cle, frozenset(voulues) if voulues else None
    )
    if tourne is None:
        raise _refuser(session, serveur, lu.mandat, "suite", "jeton deja servi, retire ou perdu")
    mandat, *donnes = tourne
    _exiger(session, serveur, connu, mandat)
    return _repondre(session, serveur, connu.service, mandat, (donnes[0], donnes[1]), "")


def _exiger(session: Session, serveur: ServeurOidc, connu: ServiceConnu, mandat: Mandat) -> Mandat:
    """Le mandat, si le service et la personne sont encore ce qu'ils étaient quand elle l'a donné."""
    if not encore_ouvert(session, serveur.horloge, connu, mandat):
        cause, phrase = "ferme", "service ferme a cette personne"
    elif not encore_valable(session, serveur.horloge, mandat):
        cause, phrase = "personne", "session fermee, ou personne partie"
    else:
        return mandat
    jetons.eteindre(session, serveur.horloge, mandat.famille)
    raise _refuser(session, serveur, mandat, cause, phrase)


def _repondre(
    session: Session,
    serveur: ServeurOidc,
    service: ServiceTiers,
    mandat: Mandat,
    donnes: tuple[str, str],
    nonce: str,
) -> dict[str, Any]:
    options, instant = service.selon(OptionsOidc), serveur.horloge.maintenant()
    sujet = _dire(session, serveur, service, mandat)["sub"]
    if not sujet:
        jetons.eteindre(session, serveur.horloge, mandat.famille)
        raise _refuser(session, serveur, mandat, "sans_sujet", "ce compte n'a pas l'identifiant attendu")
    _inscrire(session, serveur, service, mandat)
    compter(session, service.cle, mandat.uai, mandat.profil, serveur.horloge.aujourd_hui())
    cle = cles.signante(session, serveur.horloge, serveur.coffre, options.algorithme)
    dites = identite(serveur.coffre, serveur.emetteur, mandat, sujet, instant)
    acces, suite = donnes
    return {
        "access_token": acces,
        "token_type": "Bearer",
        "expires_in": int(jetons.DUREE_ACCES.total_seconds()),
        "scope": " ".join(mandat.portees),
        "id_token": signer(cle, {**dites, **({"nonce": nonce} if nonce else {})}, acces=acces),
        **({"refresh_token": suite} if suite else {}),
    }


def _inscrire(session: Session, serveur: ServeurOidc, service: ServiceTiers, mandat: Mandat) -> None:
    """Le service saura la sortie de cette session, une fois, combien de codes qu'il en ait échangés."""
    nom = numero_de_session(serveur.coffre, service.cle, mandat.session_id)
    connaissance: dict[str, Any] = {
        "session_id": mandat.session_id, "service": service.cle, "nom_de_session": nom,
    }  # fmt: skip
    if not reconnue(session, serveur.horloge, **connaissance):
        avis = service.selon(OptionsOidc).avis
        inscrire(
            session, serveur.horloge, **connaissance, personne_id=mandat.personne_id, uai=mandat.uai,
            protocole=Protocole.OIDC, adresse=avis, avis=bool(avis), emetteur=serveur.emetteur,
        )  # fmt: skip


def _dire(session: Session, serveur: ServeurOidc, service: ServiceTiers, mandat: Mandat) -> dict[str, Any]:
    dites = informations(
        session, serveur.coffre, service, mandat.personne_id, mandat.uai, mandat.profil,
        mandat.portees, serveur.horloge.aujourd_hui(),
    )  # fmt: skip
    return {"sub": dites.sujet, **dites.affirmations}


def _refuser(session: Session, serveur: ServeurOidc, mandat: Mandat, cause: str, phrase: str) -> RefusOidc:
    consigner(
        session, serveur.horloge, "service.jeton_refuse", uai=mandat.uai, acteur=mandat.personne_id,
        objet=mandat.service, details={"cause": cause},
    )  # fmt: skip
    return RefusOidc("invalid_grant", phrase)
