"""L'aperçu : la réponse exacte qu'un service recevrait, sans que la personne ait à l'ouvrir."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.services import OptionsOidc, OptionsSaml, ServiceTiers
from ent_core.federation.emission import Dit, dire
from ent_core.federation.fournisseur_oidc.identite import apercu_des_jetons
from ent_core.federation.fournisseur_saml.connexion import Titre, assertion_montree
from ent_core.identite.comptes import normaliser_identifiant
from ent_core.identite.contextes import contextes_possibles
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable, OperationRefusee

__all__ = ["ApercuReponse", "apercu"]


@dataclass(frozen=True, slots=True)
class ApercuReponse:
    """Ce qu'un service recevrait d'une personne, et à quel titre elle y entrerait.

    :param jetons: pour un service OpenID Connect, ce que dirait chaque réponse, par son nom.
    :param assertion: pour un service SAML, l'assertion, avant sa signature.
    """

    personne_id: UUID
    uai: str
    profil: str
    dit: Dit
    jetons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    assertion: str = ""


def apercu(
    session: Session,
    horloge: Horloge,
    coffre: Coffre,
    service: ServiceTiers,
    identifiant: str,
    *,
    uai: str | None,
    acteur: UUID | None,
    emetteur: str = "",
) -> ApercuReponse:
    """Compose la réponse, et laisse au journal qui l'a regardée.

    :param session: session de l'académie.
    :param service: service.
    :param identifiant: identifiant de connexion de la personne.
    :param uai: établissement d'où l'on regarde ; ``None`` pour l'académie.
    :param acteur: qui regarde.
    :param emetteur: adresse de l'ENT, que les jetons disent.
    :raises Introuvable: personne n'a cet identifiant ici.
    :raises OperationRefusee: cette personne n'entre pas dans ce service.
    """
    nom, jour = normaliser_identifiant(identifiant), horloge.aujourd_hui()
    personne: UUID | None = session.scalar(select(Compte.personne_id).where(Compte.identifiant == nom))
    titres = contextes_possibles(session, personne, jour) if personne else []
    ici = [titre for titre in titres if uai is None or titre.uai == uai]
    if personne is None or not ici:
        raise Introuvable(
            "personne n'a cet identifiant dans cet établissement.",
            remede="le lire sur la fiche de la personne.",
        )
    entre = [titre for titre in ici if service.ouvert_a(titre.uai, titre.profil, jour)]
    if not entre:
        raise OperationRefusee(
            "cette personne n'entre pas dans ce service : ni son profil, ni son établissement n'y sont.",
            remede="choisir une autre personne, ou revoir la déclaration du service.",
        )
    titre = entre[0]
    dit = dire(session, coffre, service, personne, titre.uai, titre.profil, jour, horloge.maintenant())
    consigner(
        session, horloge, "service.apercu", uai=titre.uai, acteur=acteur, objet=service.cle,
        details={"personne": str(personne)},
    )  # fmt: skip
    jetons: Mapping[str, Mapping[str, Any]] = {}
    if isinstance(service.options, OptionsOidc):
        jetons = apercu_des_jetons(
            session, coffre, service, emetteur, personne, titre.uai, titre.profil, horloge.maintenant(), jour
        )
    assertion = ""
    if isinstance(service.options, OptionsSaml):
        qui = Titre(personne, titre.uai, titre.profil)
        lue = assertion_montree(session, coffre, service, qui, horloge, emetteur)
        assertion = etree.tostring(lue, encoding="unicode", pretty_print=True)
    return ApercuReponse(personne, titre.uai, titre.profil, dit, jetons, assertion)
