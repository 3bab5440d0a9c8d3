"""Le projet d'une livraison : reconnaître celui qui change de nom, et lui rendre ses liens.

Un lien appartient à l'annuaire et au projet qui l'a ouvert : deux projets d'une même académie (les collèges,
les lycées) ne ferment pas les liens l'un de l'autre. Un projet renommé passerait donc pour un autre, et rien
de ce que l'ancien a ouvert ne se fermerait plus. Rien, dans les fichiers, ne distingue un nouveau nom d'un
nouveau projet : une personne doit le dire.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.livraison import Livraison
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import (
    Division,
    Etablissement,
    Groupe,
    Identifiant,
    ImportLot,
    ProfesseurPrincipal,
    Rattachement,
    Responsabilite,
    Service,
)
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee

__all__ = ["SOURCE_MAX", "VERROU", "ProjetInconnu", "exiger_projet_connu", "provenance_de", "renommer_projet"]

_PREFIXE = "AAF:"
_SANS_ACADEMIE = "/-"
# Le verrou des imports de l'annuaire : un projet ne change pas de nom pendant que l'un d'eux écrit.
VERROU = 0x414146
SOURCE_MAX = 40
"""Longueur d'une provenance dans la base."""
_A_PROVENANCE: tuple[Any, ...] = (
    Etablissement,
    Division,
    Groupe,
    Rattachement,
    Responsabilite,
    Service,
    ProfesseurPrincipal,
    ImportLot,
)


class ProjetInconnu(OperationRefusee):
    """Un projet jamais vu, là où un autre projet du même degré est déjà : nouveau, ou renommé ?"""

    code = "ENT-PROJET"
    code_de_sortie = 5


def provenance_de(livraison: Livraison) -> tuple[str, str]:
    """Annuaire et source d'une livraison : ``AAF:099`` et ``AAF:099/ENT2D`` ; sans académie, ``AAF:ENT2D/-``.

    :param livraison: livraison ouverte.
    """
    if livraison.academie:
        annuaire = f"{_PREFIXE}{livraison.academie.zfill(3)}"
        return annuaire, f"{annuaire}/{livraison.projet}"
    # Les vieux en-têtes taisent l'académie : le projet sépare les espaces de clés.
    annuaire = f"{_PREFIXE}{livraison.projet}"
    return annuaire, annuaire + _SANS_ACADEMIE


def exiger_projet_connu(base: BaseDeDonnees, livraison: Livraison) -> None:
    """Refuse la première livraison d'un projet quand elle pourrait être celle d'un projet renommé.

    :param base: base de l'ENT.
    :param livraison: livraison ouverte.
    :raises ProjetInconnu: un autre projet du même degré est en place ; rien n'est changé.
    """
    annuaire, source = provenance_de(livraison)
    degre = 1 if livraison.degre == "1D" else 2
    # Une source sans académie peut être la même sous son ancien en-tête : ce rapprochement vaut aussi.
    apparentees = or_(
        func.starts_with(Etablissement.source, f"{annuaire}/"),
        Etablissement.source.endswith(_SANS_ACADEMIE, autoescape=True),
        *([func.starts_with(Etablissement.source, _PREFIXE)] if source.endswith(_SANS_ACADEMIE) else []),
    )
    with base.academie("import AAF : projet") as session:
        if _connu(session, source):
            return
        autres = session.scalars(
            select(Etablissement.source)
            .where(
                apparentees,
                Etablissement.source != source,
                Etablissement.degre == degre,
                Etablissement.ferme_le.is_(None),
            )
            .distinct()
            .order_by(Etablissement.source)
        ).all()
    if autres:
        cites = ", ".join(f"« {autre} »" for autre in autres)
        raise ProjetInconnu(
            f"Le projet « {source} » n'est pas connu, et un autre du même degré est en place : {cites}. "
            "S'il a seulement changé de nom, les liens de l'ancien ne se fermeraient plus.",
            remede=f"s'il remplace l'ancien : ent importer renommer-projet '{autres[0]}' '{source}', puis "
            "recommencer ; si c'est un autre projet : ent importer aaf … --nouveau-projet.",
            lieu=f"livraison {livraison.projet} du {livraison.date:%d/%m/%Y}",
        )


def renommer_projet(
    base: BaseDeDonnees, ancien: str, nouveau: str, *, horloge: Horloge, par: UUID | None = None
) -> int:
    """Donne au nouveau nom tout ce que l'ancien projet a ouvert.

    :param base: base de l'ENT.
    :param ancien: source en place, par exemple ``AAF:099/ENT2DVA-ENT99``.
    :param nouveau: source des livraisons à venir.
    :param horloge: heure de référence.
    :param par: personne qui le demande.
    :returns: nombre d'établissements du projet.
    :raises DonneeInvalide: ce ne sont pas deux sources du même annuaire.
    :raises Introuvable: l'ancien projet n'a rien ouvert.
    :raises OperationRefusee: import en cours, ou nouveau projet qui a déjà ses établissements.
    """
    annuaires = [_annuaire(source) for source in (ancien, nouveau)]
    # D'une académie à l'autre, une même clé désigne quelqu'un d'autre.
    if ancien == nouveau or (annuaires[0] != annuaires[1] and not ancien.endswith(_SANS_ACADEMIE)):
        raise DonneeInvalide(
            "Un projet ne change de nom que dans son annuaire.",
            remede="donner les deux sources telles que le refus de l'import les écrit.",
            lieu=f"{ancien}, {nouveau}",
        )
    if len(nouveau) > SOURCE_MAX:
        raise DonneeInvalide(
            f"Cette source fait plus de {SOURCE_MAX} caractères.",
            remede="donner un nom de projet plus court.",
            lieu=nouveau,
        )
    with base.academie("import AAF : projet renommé") as session:
        if not session.scalar(text("select pg_try_advisory_xact_lock(:v)"), {"v": VERROU}):
            raise OperationRefusee("Un import est en cours.", remede="attendre sa fin, puis recommencer.")
        if not _connu(session, ancien):
            raise Introuvable(
                f"Aucun import n'a été fait sous « {ancien} ».",
                remede="relever la source dans la liste des imports.",
            )
        if session.scalar(_etablissements(nouveau)):
            raise OperationRefusee(
                f"Le projet « {nouveau} » a déjà ses établissements : ce sont deux projets.",
                remede="laisser chacun sous son nom.",
            )
        nombre = session.scalar(_etablissements(ancien)) or 0
        for table in _A_PROVENANCE:
            session.execute(update(table).where(table.source == ancien).values(source=nouveau))
        if annuaires[0] != annuaires[1]:
            _changer_d_annuaire(session, *annuaires)
        consigner(
            session,
            horloge,
            "projet.renomme",
            acteur=par,
            details={"ancien": ancien, "nouveau": nouveau, "etablissements": nombre},
        )
    return nombre


def _annuaire(source: str) -> str:
    annuaire, barre, projet = source.partition("/")
    if not (annuaire.startswith(_PREFIXE) and barre and projet):
        raise DonneeInvalide(
            "Une source de l'annuaire s'écrit AAF:académie/projet.",
            remede="relever la source dans la liste des imports.",
            lieu=source,
        )
    return annuaire


def _connu(session: Session, source: str) -> bool:
    applique = select(ImportLot.id).where(ImportLot.source == source, ImportLot.etat == "applique")
    return bool(session.scalar(_etablissements(source)) or session.scalar(applique.limit(1)))


def _etablissements(source: str) -> Any:
    return select(func.count()).select_from(Etablissement).where(Etablissement.source == source)


def _changer_d_annuaire(session: Session, ancien: str, nouveau: str) -> None:
    """Les clés suivent : un projet sans académie avait son propre espace, à lui seul."""
    deja = session.scalar(select(Identifiant.personne_id).where(Identifiant.source == nouveau).limit(1))
    if deja is not None:
        raise OperationRefusee(
            f"L'annuaire « {nouveau} » a déjà ses personnes : les clés des deux pourraient se confondre.",
            remede="importer la livraison comme un nouveau projet, puis rapprocher les fiches.",
        )
    session.execute(update(Identifiant).where(Identifiant.source == ancien).values(source=nouveau))
