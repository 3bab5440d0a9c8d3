"""La rectification (RGPD, articles 16 et 19) : voir la valeur, la corriger ici ou à sa source, le dire.

Ce que l'annuaire tient se corrige dans l'annuaire : ici, le prochain import ramènerait l'ancienne valeur. Le
reste se corrige à sa place. Ni l'ancienne valeur ni la nouvelle ne va dans un journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Computed, Table, func, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Categorie, Donnee, NatureDepot, Traitement
from ent_core.contrat.evenements import DonneeRectifiee
from ent_core.donnees.base import Base, declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Identifiant, Personne
from ent_core.identite.mouvements import Annoncer
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.droits.graphe import Ligne, Place, lire_lignes, places
from ent_core.vie_privee.droits.lecture import Reference, cle_de_ligne, conditions_de
from ent_core.vie_privee.droits.modeles import Demande, Rectification
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.droits import Droit
from ent_core.vie_privee.registre import Registre

__all__ = [
    "Corrigeable",
    "corrigeables",
    "de_la_demande",
    "destinataires",
    "est_redescendue",
    "prevenir",
    "rectifier",
    "trouver",
]

_FERMEES = (Categorie.CONNEXION, Categorie.TRACE, Categorie.IDENTIFIANT)
"""Un secret, une trace ou un identifiant ne se corrigent pas sur demande."""

_TYPES = (str, int, bool, date)
_OUI_NON = {"oui": True, "non": False}


@dataclass(frozen=True, slots=True)
class Corrigeable:
    """Une donnée de la personne, telle qu'elle est.

    :param source: ce qui la tient, et la corrigera ; vide, elle se corrige ici.
    """

    traitement: str
    reference: Reference
    valeur: str
    source: str = ""


def corrigeables(
    session: Session, registre: Registre, personne: UUID, uai: str, traitement: str | None = None, *,
    limite: int = 300,
) -> list[Corrigeable]:  # fmt: skip
    """Données d'une personne que l'on peut corriger, dans un établissement.

    :param session: session de l'académie.
    :param traitement: traitement visé ; ``None``, tous.
    :param limite: nombre maximal de données.
    """
    trouvees: list[Corrigeable] = []
    for place in places(registre):
        if traitement not in (None, place.traitement):
            continue
        for corrigeable in _dans(session, place, personne, uai):
            if len(trouvees) == limite:
                return trouvees
            trouvees.append(corrigeable)
    return trouvees


def trouver(session: Session, registre: Registre, demande: Demande, reference: Reference) -> Corrigeable:
    """La donnée d'une demande, si elle est à la personne et se corrige.

    :param session: session de l'académie.
    :raises Introuvable: elle n'est pas à elle, n'est plus, ou ne se corrige pas.
    """
    if demande.personne_id is not None:
        for place in places(registre):
            if place.table.name == reference.table:
                for corrigeable in _dans(session, place, demande.personne_id, demande.uai):
                    if corrigeable.reference == reference:
                        return corrigeable
    raise Introuvable("cette donnée ne se corrige pas ici.", remede="la choisir dans la liste.")


def rectifier(
    session: Session, horloge: Horloge, registre: Registre, demande: Demande, reference: Reference,
    voulue: str, par: UUID, annoncer: Annoncer | None = None,
) -> Rectification:  # fmt: skip
    """Corrige une donnée à sa place, ou note qu'elle est à corriger à sa source.

    :param session: session de l'académie.
    :param demande: demande de rectification en cours.
    :param voulue: ce qu'elle doit être ; vide, pour l'ôter si la table le permet.
    :param par: personne qui décide.
    :param annoncer: prévient les briques, dans la même transaction.
    :raises DonneeInvalide: la valeur ne convient pas à la colonne.
    :raises OperationRefusee: la demande est close, ou la valeur est déjà celle-là.
    """
    if demande.close_le is not None or demande.droit != Droit.RECTIFICATION.name.lower():
        raise OperationRefusee("cette demande n'appelle pas de correction.", remede="revenir à la demande.")
    trouvee = trouver(session, registre, demande, reference)
    voulue = voulue.strip()
    if voulue == trouvee.valeur:
        raise OperationRefusee("la donnée a déjà cette valeur.", remede="vérifier ce qui est à corriger.")
    table = Base.metadata.tables[reference.table]
    valeur = _lire(table.c[reference.colonne], voulue)
    if not trouvee.source:
        _ecrire(session, table, reference, valeur)
        if annoncer is not None and demande.personne_id is not None:
            annoncer(
                session,
                [
                    DonneeRectifiee(
                        demande.uai, trouvee.traitement, reference.table, reference.colonne,
                        demande.personne_id,
                    )
                ],
            )  # fmt: skip
    rectification = Rectification(
        uai=demande.uai, demande_id=demande.id, traitement=trouvee.traitement, objet=reference.table,
        ligne=reference.ligne, colonne=reference.colonne, voulue=voulue[:2000] if trouvee.source else None,
        etat="transmise" if trouvee.source else "corrigee", source=trouvee.source[:60] or None,
        decidee_le=horloge.aujourd_hui(), decidee_par=par,
    )  # fmt: skip
    session.add(rectification)
    session.flush()
    consigner(
        session, horloge, f"donnee.{rectification.etat}", uai=demande.uai, acteur=par,
        objet=str(rectification.id), details={"table": reference.table, "colonne": reference.colonne},
    )  # fmt: skip
    return rectification


def de_la_demande(session: Session, demande: Demande) -> list[Rectification]:
    """Ce qui a été décidé d'une demande, dans l'ordre.

    :param session: session de l'académie, ou de l'établissement.
    """
    return list(
        session.scalars(
            select(Rectification)
            .where(Rectification.uai == demande.uai, Rectification.demande_id == demande.id)
            .order_by(Rectification.id)
        )
    )


def est_redescendue(session: Session, rectification: Rectification) -> bool:
    """Vrai si la source a corrigé : la valeur voulue est arrivée avec un import.

    :param session: session de l'académie.
    """
    table = Base.metadata.tables.get(rectification.objet)
    if table is None or rectification.ligne is None:
        return False
    reference = Reference(rectification.objet, rectification.ligne, rectification.colonne)
    trouvee = session.execute(
        select(table.c[reference.colonne]).where(*conditions_de(table, reference))
    ).one_or_none()
    return trouvee is not None and _dire(trouvee[0]) == (rectification.voulue or "")


def destinataires(traitement: Traitement, sous_traitants: Iterable[str] = ()) -> list[str]:
    """Qui prévenir d'une correction (RGPD, article 19), hors de ceux qui lisent la base.

    :param traitement: traitement de la donnée.
    :param sous_traitants: ceux que le registre nomme.
    """
    externes = [d for d in traitement.destinataires if d.role in phrases.EXTERNES]
    depots = [phrases.depot(d) for d in traitement.depots if d.nature is NatureDepot.SERVICE_TIERS]
    return [*phrases.destinataires(externes), *depots, *sous_traitants]


def prevenir(session: Session, horloge: Horloge, demande: Demande, par: UUID) -> None:
    """Note que les destinataires des corrections d'une demande sont prévenus.

    :param session: session de l'académie.
    :param par: personne qui les a prévenus.
    """
    for rectification in de_la_demande(session, demande):
        rectification.prevenus_le = rectification.prevenus_le or horloge.aujourd_hui()
    consigner(session, horloge, "destinataires.prevenus", uai=demande.uai, acteur=par, objet=str(demande.id))


def _dans(session: Session, place: Place, personne: UUID, uai: str) -> Iterator[Corrigeable]:
    declaree = declaration(place.table)
    if declaree is None or declaree.ajout_seul:
        return
    colonnes = [c for c in place.table.columns if _se_corrige(c, {s.colonne for s in declaree.sujets})]
    if not colonnes:
        return
    # Lues d'un coup : qui s'arrête en chemin laisserait un curseur ouvert.
    for ligne in list(lire_lignes(session, place, personne, uai)):
        if not ligne.entiere:
            continue
        source = _source(session, place.table, ligne, personne)
        cle = cle_de_ligne(place.table, ligne.valeurs)
        for colonne in colonnes:
            valeur = ligne.valeurs[colonne.name]
            reference = Reference(place.table.name, cle, colonne.name)
            yield Corrigeable(place.traitement, reference, _dire(valeur), source)


def _se_corrige(colonne: Column[Any], sujets: set[str]) -> bool:
    dite = declaration_colonne(colonne)
    return (
        isinstance(dite, Donnee)
        and dite.categorie not in _FERMEES
        and not dite.chiffree
        and colonne.name not in sujets
        and not colonne.primary_key
        and not colonne.foreign_keys
        and not isinstance(colonne.server_default, Computed)
        and colonne.type.python_type in _TYPES
    )


def _source(session: Session, table: Table, ligne: Ligne, personne: UUID) -> str:
    """Ce qui tient une ligne : sa provenance ; pour la fiche, l'annuaire d'où vient la personne."""
    if "source" in table.c:
        return str(ligne.valeurs["source"] or "")
    if table.name == Personne.__tablename__:
        source = select(func.min(Identifiant.source)).where(Identifiant.personne_id == personne)
        return session.scalar(source) or ""
    return ""


def _dire(valeur: Any) -> str:
    if valeur is None:
        return ""
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return str(valeur)


def _lire(colonne: Column[Any], voulue: str) -> Any:
    """La valeur, dans le type de la colonne."""
    if not voulue:
        if not colonne.nullable:
            raise DonneeInvalide("cette donnée ne peut pas être vide.", remede="écrire ce qu'elle doit être.")
        return None
    try:
        match colonne.type.python_type:
            case genre if genre is bool:
                return _OUI_NON[voulue.lower()]
            case genre if genre is date:
                return date.fromisoformat(voulue)
            case genre if genre is int:
                return int(voulue)
    except (ValueError, KeyError) as erreur:
        raise DonneeInvalide(
            "cette valeur n'a pas la forme attendue.",
            remede="écrire une date comme 2012-03-25, un nombre, oui ou non.",
        ) from erreur
    longueur = getattr(colonne.type, "length", None) or 2000
    if len(voulue) > longueur:
        raise DonneeInvalide("cette valeur est trop longue.", remede=f"écrire {longueur} caractères au plus.")
    return voulue


def _ecrire(session: Session, table: Table, reference: Reference, valeur: Any) -> None:
    enonce = update(table).where(*conditions_de(table, reference)).values({reference.colonne: valeur})
    try:
        with session.begin_nested():
            session.execute(enonce, execution_options={"synchronize_session": False})
    except (IntegrityError, DataError) as erreur:
        raise DonneeInvalide(
            "la table n'admet pas cette valeur.", remede="en choisir une de celles qu'elle admet."
        ) from erreur
    session.expire_all()
