"""Répondre à une demande admise : ce qui s'y oppose, puis l'assertion, et la trace de ce qui a été dit."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from lxml import etree
from sqlalchemy.orm import Session

from ent_core.contrat.services import OptionsSaml, Protocole, ServiceTiers
from ent_core.federation.emission import compte_en_regle, compter, dire
from ent_core.federation.fournisseur_saml.assertion import Affirmation, Destination, assertion, repondre
from ent_core.federation.fournisseur_saml.demande import Demande
from ent_core.federation.fournisseur_saml.emetteur import CHEMIN, Emetteur
from ent_core.federation.fournisseur_saml.normes import Contexte, Format, Liaison, Statut
from ent_core.federation.fournisseur_saml.partenaire import lire_partenaire
from ent_core.federation.gabarits import GABARITS
from ent_core.federation.parties import inscrire
from ent_core.federation.sources import opaque
from ent_core.identite.secrets import Coffre
from ent_core.identite.sessions import DEUX_PREUVES, SessionReconnue
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee

__all__ = [
    "Manque",
    "Repondeur",
    "Titre",
    "affirmer",
    "assertion_montree",
    "composer",
    "contexte_de_preuve",
    "demande_de_l_ent",
    "inapte",
    "nom_de_session",
]

_RANGS = {Contexte.MOT_DE_PASSE: 1, Contexte.DEUX_PREUVES: 2}


class Manque(Exception):
    """Rien ne peut être dit de cette personne à ce service.

    :param cause: motif, pour la page de refus.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Titre:
    """Une personne, et à quel titre elle agit."""

    personne_id: UUID
    uai: str
    profil: str


@dataclass(frozen=True, slots=True)
class Repondeur:
    """Ce dont une réponse a besoin."""

    emetteur: Emetteur
    coffre: Coffre
    horloge: Horloge


def demande_de_l_ent(service: ServiceTiers) -> Demande | None:
    """Ce que vaut un départ de « Mes services » ; ``None`` si le service veut toujours demander d'abord.

    :param service: service choisi.
    """
    options = service.options
    if not isinstance(options, OptionsSaml) or not options.ouvrable:
        return None
    partenaire = lire_partenaire(options.metadonnees)
    return Demande((service.cle,), partenaire.entite, partenaire.retours[0].adresse)


def forme_du_nom(options: OptionsSaml) -> Format:
    """Comment une personne est nommée chez ce service.

    :param options: options déclarées.
    """
    return Format.PERSISTANT if options.persistant else Format.PASSAGER


def inapte(demande: Demande, service: ServiceTiers) -> Statut | None:
    """Ce que la demande veut et que cette déclaration ne permet pas ; ``None`` si rien.

    :param demande: demande admise.
    :param service: déclaration.
    """
    voulue = demande.forme or forme_du_nom(service.selon(OptionsSaml))
    if demande.ailleurs or voulue != forme_du_nom(service.selon(OptionsSaml)):
        return Statut.NOM
    return None


def contexte_de_preuve(demande: Demande, niveau: int) -> Contexte | None:
    """Le niveau de preuve à annoncer ; ``None`` si aucun des niveaux demandés n'est atteint.

    Qui a donné deux preuves a aussi donné la première. Une entrée par un fournisseur vaut la première.

    :param demande: demande admise.
    :param niveau: niveau de la session.
    """
    atteint = Contexte.DEUX_PREUVES if niveau >= DEUX_PREUVES else Contexte.MOT_DE_PASSE
    if not demande.preuves:
        return atteint
    rangs = [_RANGS[c] for c in Contexte if c.value in demande.preuves]
    atteints = [c for c in Contexte if _RANGS[c] <= _RANGS[atteint]]
    match demande.comparaison:
        case "exact":
            convenus = [c for c in atteints if _RANGS[c] in rangs]
        case "minimum":
            convenus = [c for c in atteints if rangs and _RANGS[c] >= min(rangs)]
        case "maximum":
            convenus = [c for c in atteints if rangs and _RANGS[c] <= max(rangs)]
        case "better":
            convenus = [c for c in atteints if rangs and _RANGS[c] > max(rangs)]
        case _:
            convenus = []
    return convenus[-1] if convenus else None


def composer(
    session: Session,
    coffre: Coffre,
    service: ServiceTiers,
    qui: Titre,
    jour: date,
    prouvee_le: datetime,
    contexte: Contexte,
) -> Affirmation:
    """Ce qui serait affirmé d'une personne à ce service, sans trace.

    :param session: session de l'académie.
    :param service: déclaration.
    :param qui: personne, et à quel titre.
    :param prouvee_le: quand elle a prouvé qui elle est.
    :param contexte: niveau de preuve annoncé.
    :raises Manque: ce service ne la reconnaîtrait pas.
    """
    dit = dire(session, coffre, service, qui.personne_id, qui.uai, qui.profil, jour, prouvee_le)
    if not GABARITS[service.gabarit].exige <= dit.attributs.keys():
        raise Manque(service.gabarit)
    forme = forme_du_nom(service.selon(OptionsSaml))
    durable = forme is Format.PERSISTANT
    nom = opaque(coffre, service.cle, qui.personne_id) if durable else f"_{secrets.token_hex(16)}"
    return Affirmation(nom, forme, "", prouvee_le, contexte, dit.attributs)


def affirmer(
    session: Session,
    repondeur: Repondeur,
    service: ServiceTiers,
    demande: Demande,
    reconnue: SessionReconnue,
    contexte: Contexte,
) -> etree._Element:
    """La réponse signée, et sa trace : le service connaît désormais cette session.

    :param session: session de l'académie.
    :param service: déclaration qui s'ouvre à la personne.
    :param demande: demande admise.
    :param reconnue: session de la personne ; ``peut_emettre`` l'a admise.
    :param contexte: niveau de preuve annoncé.
    :raises Manque: compte non activé, ou personne que ce service ne reconnaîtrait pas.
    """
    horloge, options = repondeur.horloge, service.selon(OptionsSaml)
    if reconnue.uai is None or reconnue.profil is None or not _en_regle(session, reconnue):
        raise Manque("compte")
    qui = Titre(reconnue.personne_id, reconnue.uai, reconnue.profil)
    dite = composer(
        session, repondeur.coffre, service, qui, horloge.aujourd_hui(),
        reconnue.prouvee_le or reconnue.creee_le, contexte,
    )  # fmt: skip
    partenaire = lire_partenaire(options.metadonnees)
    sortie = partenaire.sorties.get(Liaison.SOAP, "")
    numero = inscrire(
        session, horloge, session_id=reconnue.id, personne_id=qui.personne_id, uai=qui.uai,
        service=service.cle, protocole=Protocole.SAML, nom_de_session=nom_de_session(dite.forme, dite.nom),
        adresse=sortie, avis=bool(sortie),
    )  # fmt: skip
    compter(session, service.cle, qui.uai, qui.profil, horloge.aujourd_hui())
    return repondre(
        repondeur.emetteur, Destination(demande.entite, demande.retour, demande.numero),
        replace(dite, session=f"_{numero.hex}"), horloge.maintenant(),
        partenaire.chiffrement[0] if options.chiffree else None,
    )  # fmt: skip


def assertion_montree(
    session: Session, coffre: Coffre, service: ServiceTiers, qui: Titre, horloge: Horloge, racine: str
) -> etree._Element:
    """L'assertion qu'un service recevrait d'une personne, à l'instant, sans signature ni trace.

    :param session: session de l'académie.
    :param service: déclaration.
    :param qui: personne, et à quel titre.
    :param racine: adresse publique de l'ENT.
    :raises OperationRefusee: ce service ne la reconnaîtrait pas.
    """
    instant, options = horloge.maintenant(), service.selon(OptionsSaml)
    try:
        dite = composer(session, coffre, service, qui, horloge.aujourd_hui(), instant, Contexte.MOT_DE_PASSE)
    except Manque as manque:
        raise OperationRefusee(
            "ce service ne reçoit rien de cette personne : il lui manque ce qu'il exige.",
            remede="pour le GAR, vérifier que l'établissement l'a transmise.",
        ) from manque
    partenaire = lire_partenaire(options.metadonnees)
    vers = Destination(partenaire.entite, partenaire.retours[0].adresse, "_exemple")
    entite = f"{racine.rstrip('/')}{CHEMIN}/metadonnees"
    return assertion(entite, vers, replace(dite, session="_exemple"), instant)


def nom_de_session(forme: Format, nom: str) -> str:
    """Comment la trace retient le nom donné : sa forme, puis lui.

    :param forme: format du nom.
    :param nom: nom donné au service.
    """
    return f"{forme.name} {nom}"


def _en_regle(session: Session, reconnue: SessionReconnue) -> bool:
    """Le compte est-il actif, la personne toujours dans l'annuaire ? Relu dans la transaction qui affirme."""
    return session.scalar(compte_en_regle(reconnue.compte_id, reconnue.methode)) is not None
