"""L'opposition d'une personne à un traitement : un statut que la brique respecte, à l'écran ou sur papier."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, false, or_, select, true, union_all
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Traitement
from ent_core.donnees.liees import UAI, liste_liee
from ent_core.donnees.session import lire, portage
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.conservation.gels import NatureGel
from ent_core.vie_privee.conservation.modeles import Gel
from ent_core.vie_privee.droits.avis import rendre_avis
from ent_core.vie_privee.droits.modeles import OppositionPersonne
from ent_core.vie_privee.publication.droits import Droit

__all__ = [
    "Voie",
    "accueillir",
    "en_vigueur_dans",
    "en_vigueur_pour",
    "lever",
    "limitees",
    "opposee",
    "opposees",
    "opposees_et_limitees",
]


_opposition: Any = OppositionPersonne.__table__.c
_gel: Any = Gel.__table__.c
_TRAITEMENT: Any = bindparam("traitement")
_PERSONNES: Any = liste_liee("personnes")
# Sans établissement, la session est celle de l'académie : toutes les écoles.
_OPPOSEES = select(_opposition.personne_id).where(
    _opposition.personne_id == _PERSONNES,
    _opposition.traitement == _TRAITEMENT,
    _opposition.fin.is_(None),
    or_(_opposition.uai == UAI, UAI == ""),
)
_LIMITEES = select(_gel.personne_id).where(
    _gel.personne_id == _PERSONNES,
    _gel.nature == NatureGel.LIMITATION.value,
    or_(_gel.traitement.is_(None), _gel.traitement == _TRAITEMENT),
    _gel.leve_le.is_(None),
    or_(_gel.uai.is_(None), _gel.uai == UAI),
)
_LES_DEUX = union_all(_OPPOSEES.add_columns(true()), _LIMITEES.add_columns(false()))


class Voie(StrEnum):
    """Par où une demande est arrivée."""

    ECRAN = "ecran"
    PAPIER = "papier"


def opposee(session: Session, personne: UUID, traitement: str) -> bool:
    """Vrai si la personne s'oppose à ce traitement dans l'établissement en vigueur.

    Une brique le demande avant d'enregistrer ; elle donne alors la voie papier que son traitement déclare.

    :param session: session de l'établissement.
    :param personne: personne concernée.
    :param traitement: clé du traitement.
    """
    return personne in opposees(session, traitement, {personne})


def opposees(session: Session, traitement: str, personnes: set[UUID]) -> frozenset[UUID]:
    """Parmi ces personnes, celles qui s'opposent à ce traitement : une lecture pour toute une liste.

    :param session: session de l'établissement.
    :param traitement: clé du traitement.
    :param personnes: celles que la page montre.
    """
    with hors_portillon(session, "respecter une opposition"):
        return _parmi(session, _OPPOSEES, traitement, personnes)


def limitees(session: Session, traitement: str, personnes: set[UUID]) -> frozenset[UUID]:
    """Parmi ces personnes, celles dont l'emploi des données est limité (RGPD, article 18).

    Leurs lignes se gardent et ne s'emploient plus : ni changées, ni montrées à d'autres, ni éliminées.

    :param session: session de l'établissement.
    :param traitement: clé du traitement.
    :param personnes: celles que la page montre.
    """
    with hors_portillon(session, "respecter une limitation"):
        return _parmi(session, _LIMITEES, traitement, personnes)


def opposees_et_limitees(
    session: Session, traitement: str, personnes: set[UUID]
) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Ce que disent ``opposees`` et ``limitees``, d'une seule lecture.

    :param session: session de l'établissement.
    :param traitement: clé du traitement.
    :param personnes: celles que la page montre.
    """
    valeurs = {"uai": portage(session).uai, "traitement": traitement, "personnes": list(personnes)}
    with hors_portillon(session, "respecter une opposition ou une limitation"):
        lues = lire(session, _LES_DEUX, valeurs).all()
    opposes = frozenset(personne for personne, opposee in lues if opposee)
    return opposes, frozenset(personne for personne, opposee in lues if not opposee)


def _parmi(session: Session, enonce: Select[UUID], traitement: str, personnes: set[UUID]) -> frozenset[UUID]:
    if not personnes:
        return frozenset()
    valeurs = {"uai": portage(session).uai, "traitement": traitement, "personnes": list(personnes)}
    return frozenset(lire(session, enonce, valeurs).scalars())


def accueillir(
    session: Session,
    horloge: Horloge,
    traitement: Traitement,
    personne: UUID,
    *,
    uai: str,
    motif: str,
    source: Voie,
    par: UUID | None,
    depuis: date | None = None,
) -> OppositionPersonne:
    """Enregistre une opposition accueillie.

    :param session: session de l'établissement, ou de l'académie.
    :param traitement: traitement visé.
    :param personne: personne qui s'oppose.
    :param uai: établissement.
    :param motif: raison tenant à sa situation, telle que l'instruction l'a retenue.
    :param source: à l'écran, ou par une feuille que quelqu'un recopie.
    :param par: personne qui saisit.
    :param depuis: jour porté par la feuille ; par défaut, ce jour.
    :raises OperationRefusee: la loi ou la déclaration ne l'ouvre pas, ou elle est déjà en vigueur.
    :raises DonneeInvalide: motif absent, ou jour à venir.
    """
    avis = rendre_avis(traitement, Droit.OPPOSITION)
    if not avis.ouvert:
        raise OperationRefusee(avis.phrase, remede="refuser la demande, avec ce motif.")
    jour = depuis or horloge.aujourd_hui()
    if not motif.strip():
        raise DonneeInvalide("le motif de l'opposition manque.", remede="écrire la raison retenue.")
    if jour > horloge.aujourd_hui():
        raise DonneeInvalide("ce jour est à venir.", remede="donner le jour de la feuille.")
    if any(o.traitement == traitement.cle for o in en_vigueur_pour(session, personne, uai)):
        raise OperationRefusee("cette opposition est déjà enregistrée.", remede="consulter la liste.")
    opposition = OppositionPersonne(
        uai=uai, personne_id=personne, traitement=traitement.cle, source=source.value,
        motif=motif.strip()[:500], debut=jour, saisie_par=par,
    )  # fmt: skip
    session.add(opposition)
    session.flush()
    consigner(
        session, horloge, "opposition.accueillie", uai=uai, acteur=par, objet=str(opposition.id),
        details={"traitement": traitement.cle, "source": source.value},
    )  # fmt: skip
    return opposition


def lever(session: Session, horloge: Horloge, opposition_id: UUID, *, uai: str, par: UUID | None) -> None:
    """Met fin à une opposition, à la demande de la personne.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    :param par: personne qui saisit.
    :raises Introuvable: elle n'existe pas ici, ou elle est déjà levée.
    """
    opposition = session.get(OppositionPersonne, (uai, opposition_id))
    if opposition is None or opposition.fin is not None:
        raise Introuvable("cette opposition n'est pas en vigueur ici.", remede="rafraîchir la page.")
    opposition.fin = horloge.aujourd_hui()
    consigner(session, horloge, "opposition.levee", uai=uai, acteur=par, objet=str(opposition_id))


def en_vigueur_dans(session: Session, uai: str | None) -> list[OppositionPersonne]:
    """Oppositions en vigueur, la plus récente d'abord.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None``, tous.
    """
    enonce = select(OppositionPersonne).where(OppositionPersonne.fin.is_(None))
    if uai is not None:
        enonce = enonce.where(OppositionPersonne.uai == uai)
    return list(
        session.scalars(enonce.order_by(OppositionPersonne.debut.desc(), OppositionPersonne.id).limit(500))
    )


def en_vigueur_pour(session: Session, personne: UUID, uai: str) -> list[OppositionPersonne]:
    """Oppositions en vigueur d'une personne dans un établissement.

    :param session: session de l'établissement, ou de l'académie.
    """
    return list(
        session.scalars(
            select(OppositionPersonne)
            .where(
                OppositionPersonne.uai == uai,
                OppositionPersonne.personne_id == personne,
                OppositionPersonne.fin.is_(None),
            )
            .order_by(OppositionPersonne.traitement)
        )
    )
