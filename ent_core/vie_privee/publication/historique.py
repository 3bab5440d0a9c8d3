"""L'histoire des déclarations : chaque version mise en service, sa date, et ce qui a changé, en français."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ent_core.socle.calendrier import FUSEAU, Horloge
from ent_core.vie_privee.elargissement import comparer
from ent_core.vie_privee.empreinte import Forme, canonique, empreinte
from ent_core.vie_privee.publication.contenu import fichiers
from ent_core.vie_privee.publication.fiche import Vigueur
from ent_core.vie_privee.publication.modeles import VersionDeclaration
from ent_core.vie_privee.registre import DeclarationBrique, Registre

__all__ = ["VersionRelevee", "changements", "photographier", "relever", "vigueurs"]

_VERROU = 0x5245_4749


@dataclass(frozen=True, slots=True)
class VersionRelevee:
    """Une version mise en service ou retirée.

    :param quoi: ce qui a changé, une phrase par changement.
    :param elargit: vrai si les établissements ont dû l'accepter de nouveau.
    """

    traitement: str
    intitule: str
    version: int
    empreinte: str
    quand: datetime
    quoi: tuple[str, ...]
    elargit: bool = False


def photographier(registre: Registre) -> dict[str, Forme]:
    """Forme canonique de chaque traitement, avec ses tables, par clé.

    :param registre: déclarations de l'instance.
    """
    tables = fichiers(registre)
    photos: dict[str, Forme] = {}
    for cle, traitement in sorted(registre.traitements.items()):
        photos[cle] = canonique(DeclarationBrique(cle.split(".")[0], tuple(tables[cle]), (traitement,)))
    return photos


def relever(session: Session, horloge: Horloge, registre: Registre) -> int:
    """Garde les déclarations qui ont changé depuis le dernier démarrage ; peut être rejoué sans effet.

    :param session: session de l'académie.
    :param horloge: horloge injectée.
    :param registre: déclarations de l'instance.
    :returns: nombre de traitements changés, apparus ou retirés.
    """
    # Plusieurs processus démarrent ensemble : le second trouve le travail fait.
    session.execute(select(func.pg_advisory_xact_lock(_VERROU)))
    en_vigueur = {
        v.traitement: v
        for v in session.scalars(select(VersionDeclaration).where(VersionDeclaration.fin.is_(None)))
    }
    photos = photographier(registre)
    changees = [
        cle
        for cle in photos.keys() | en_vigueur.keys()
        if cle not in photos or cle not in en_vigueur or empreinte(photos[cle]) != en_vigueur[cle].empreinte
    ]
    maintenant = horloge.maintenant()
    fermees = [en_vigueur[cle].id for cle in changees if cle in en_vigueur]
    if fermees:
        session.execute(
            update(VersionDeclaration).where(VersionDeclaration.id.in_(fermees)).values(fin=maintenant)
        )
    session.add_all(
        VersionDeclaration(
            traitement=cle,
            brique=cle.split(".")[0],
            version=registre.traitements[cle].version,
            empreinte=empreinte(photos[cle]),
            contenu=photos[cle],
            debut=maintenant,
        )
        for cle in sorted(changees)
        if cle in photos
    )
    session.flush()
    return len(changees)


def vigueurs(session: Session) -> dict[str, Vigueur]:
    """Dates de mise en service et de dernière modification, par traitement en service.

    :param session: session ouverte.
    """
    premiere = func.min(VersionDeclaration.debut)
    derniere = func.max(VersionDeclaration.debut)
    enonce = select(VersionDeclaration.traitement, premiere, derniere).group_by(VersionDeclaration.traitement)
    return {
        cle: Vigueur(debut.astimezone(FUSEAU).date(), dernier.astimezone(FUSEAU).date())
        for cle, debut, dernier in session.execute(enonce)
    }


def changements(
    session: Session, traitement: str | None = None, *, limite: int = 200
) -> list[VersionRelevee]:
    """Versions mises en service ou retirées, la plus récente d'abord.

    :param session: session ouverte.
    :param traitement: clé d'un traitement ; ``None`` pour tous.
    :param limite: nombre de versions lues.
    """
    enonce = select(VersionDeclaration).order_by(
        VersionDeclaration.debut.desc(), VersionDeclaration.traitement, VersionDeclaration.id.desc()
    )
    if traitement is not None:
        enonce = enonce.where(VersionDeclaration.traitement == traitement)
    versions = list(session.scalars(enonce.limit(limite + 1)))
    trouves: list[VersionRelevee] = []
    suivante: dict[str, VersionDeclaration] = {}
    for version in versions[:limite]:
        apres = suivante.get(version.traitement)
        if version.fin is not None and (apres is None or apres.debut != version.fin):
            trouves.append(_changement(version, version.fin, ("Traitement retiré du service.",)))
        suivante[version.traitement] = version
    for rang, version in enumerate(versions[:limite]):
        precedente = next((v for v in versions[rang + 1 :] if v.traitement == version.traitement), None)
        if precedente is None and len(versions) > limite:
            continue
        if precedente is None or precedente.fin != version.debut:
            trouves.append(_changement(version, version.debut, ("Traitement mis en service.",)))
            continue
        ecarts = comparer(precedente.contenu, version.contenu)
        trouves.append(
            _changement(
                version,
                version.debut,
                tuple(ecart.phrase for ecart in ecarts),
                elargit=any(ecart.elargit for ecart in ecarts),
            )
        )
    return sorted(trouves, key=lambda c: (c.quand, c.version), reverse=True)


def _changement(
    version: VersionDeclaration, quand: datetime, quoi: tuple[str, ...], *, elargit: bool = False
) -> VersionRelevee:
    return VersionRelevee(
        version.traitement,
        str(version.contenu["traitements"][version.traitement]["intitule"]),
        version.version,
        version.empreinte,
        quand,
        quoi,
        elargit,
    )
