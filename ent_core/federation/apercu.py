"""L'aperçu : la réponse exacte qu'un service recevrait, sans que la personne ait à l'ouvrir."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.services import ServiceTiers
from ent_core.federation.emission import Dit, dire
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
    """Ce qu'un service recevrait d'une personne, et à quel titre elle y entrerait."""

    personne_id: UUID
    uai: str
    profil: str
    dit: Dit


def apercu(
    session: Session,
    horloge: Horloge,
    coffre: Coffre,
    service: ServiceTiers,
    identifiant: str,
    *,
    uai: str | None,
    acteur: UUID | None,
) -> ApercuReponse:
    """Compose la réponse, et laisse au journal qui l'a regardée.

    :param session: session de l'académie.
    :param service: service.
    :param identifiant: identifiant de connexion de la personne.
    :param uai: établissement d'où l'on regarde ; ``None`` pour l'académie.
    :param acteur: qui regarde.
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
    return ApercuReponse(personne, titre.uai, titre.profil, dit)
