"""La publication : figer une statistique une fois la période finie, puis ne rendre que ce qui est figé.

Ce qui sort de l'établissement est arrondi à 5 près, à partir de ce qui est publié dedans : on n'y apprend
donc rien de plus.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Traitement
from ent_core.contrat.statistiques import Statistique
from ent_core.donnees.session import portage
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.dates import jour_court
from ent_core.socle.erreurs import DonneeProtegee, Introuvable, OperationRefusee
from ent_core.vie_privee.registre import Registre
from ent_core.vie_privee.statistiques.comptage import EcoleComptee, compter
from ent_core.vie_privee.statistiques.grille import Grille
from ent_core.vie_privee.statistiques.modeles import PublicationStatistique
from ent_core.vie_privee.statistiques.periodes import PeriodeStatistique, lire_periode
from ent_core.vie_privee.statistiques.protection import VERSION, taire

__all__ = [
    "ARRONDI",
    "LignePubliee",
    "StatistiquePubliee",
    "figer",
    "lister",
    "ouvrir",
    "periodes_publiees",
    "rendre",
    "rendre_statistique",
]

ARRONDI = 5
"""À combien près sont les nombres qui sortent de l'établissement."""

_VERROU = 0x454E54_535441


@dataclass(frozen=True, slots=True)
class LignePubliee:
    """Le titre d'une ligne.

    :param niveau: 0 pour le tout, 1 pour ses parties, et ainsi de suite.
    """

    cle: str
    intitule: str
    niveau: int


@dataclass(frozen=True, slots=True)
class StatistiquePubliee:
    """Une statistique d'une période, telle que figée ; une case absente (``None``) n'est pas communiquée.

    :param dimensions: intitulé des lignes, puis celui des colonnes s'il y en a.
    :param colonnes: intitulés, hors total ; chaque ligne de ``cases`` finit par le total.
    :param arrondie: nombres à 5 près, sur lesquels les totaux ne tombent pas toujours juste.
    """

    id: UUID
    cle: str
    intitule: str
    compte: str
    uai: str | None
    periode: PeriodeStatistique
    seuil: int
    dimensions: tuple[str, ...]
    lignes: tuple[LignePubliee, ...]
    colonnes: tuple[str, ...]
    cases: tuple[tuple[int | None, ...], ...]
    empreinte: str
    figee_le: datetime
    arrondie: bool = False

    @property
    def tues(self) -> int:
        """Nombre de cases non communiquées."""
        return sum(case is None for ligne in self.cases for case in ligne)

    def pour_l_academie(self) -> StatistiquePubliee:
        """La même, pour qui est hors de l'établissement."""
        arrondies = tuple(tuple(_arrondir(case) for case in ligne) for ligne in self.cases)
        return replace(self, cases=arrondies, arrondie=True)

    def pour_l_ecole(self, uai: str) -> StatistiquePubliee | None:
        """La part d'un établissement dans une statistique de l'académie ; ``None`` s'il n'y est pas.

        :param uai: établissement.
        """
        debut = next((i for i, li in enumerate(self.lignes) if li.niveau == 1 and li.cle == uai), None)
        if debut is None:
            return None
        fin = next(
            (i for i in range(debut + 1, len(self.lignes)) if self.lignes[i].niveau < 2), len(self.lignes)
        )
        lignes = tuple(replace(ligne, niveau=ligne.niveau - 1) for ligne in self.lignes[debut:fin])
        return replace(self, uai=uai, lignes=lignes, cases=self.cases[debut:fin])


def figer(
    session: Session,
    horloge: Horloge,
    registre: Registre,
    statistique: Statistique,
    periode: PeriodeStatistique,
    ecoles: Sequence[EcoleComptee],
    cle: bytes,
    uai: str | None,
) -> PublicationStatistique:
    """Compte, protège et fige une statistique ; déjà figée, la rend telle quelle.

    :param session: session de l'académie.
    :param periode: période finie.
    :param ecoles: établissements comptés.
    :param cle: clé de l'instance.
    :param uai: établissement à qui elle est, ou ``None`` pour l'académie.
    :raises OperationRefusee: la période n'est pas finie, ou une autre publication la recouvre.
    """
    session.execute(select(func.pg_advisory_xact_lock(_VERROU)))
    p = PublicationStatistique
    ici = p.uai.is_(None) if uai is None else p.uai == uai
    figee = session.scalar(select(p).where(p.statistique == statistique.cle, ici, p.periode == periode.code))
    if figee is not None:
        return figee
    _exiger_figeable(session, horloge, statistique, periode, uai)
    traitement: Traitement = registre.traitements[statistique.traitement]
    grille = compter(session, registre.tables[statistique.table], statistique, periode, ecoles)
    propre = hmac.new(cle, f"{statistique.cle}|{uai or ''}|{periode.code}".encode(), hashlib.sha256).digest()
    tues = taire(grille.trame, grille.nombres, grille.personnes, traitement.seuil, propre)
    publication = PublicationStatistique(
        statistique=statistique.cle, nom_table=statistique.table, uai=uai, periode=periode.code,
        debut=periode.debut, fin=periode.fin, regle=VERSION, seuil=traitement.seuil,
        contenu=_contenu(statistique, grille, tues), figee_le=horloge.maintenant(),
    )  # fmt: skip
    publication.empreinte = _empreinte(publication)
    session.add(publication)
    session.flush()
    consigner(
        session, horloge, "statistique.figee", uai=uai, objet=statistique.cle,
        details={"periode": periode.code, "tues": len(tues), "cases": len(grille.trame.cases)},
    )  # fmt: skip
    return publication


def _exiger_figeable(
    session: Session, horloge: Horloge, statistique: Statistique, periode: PeriodeStatistique, uai: str | None
) -> None:
    lieu = f"statistique {statistique.cle}, période {periode.code}"
    if horloge.aujourd_hui() < periode.figee_le:
        raise OperationRefusee(
            "la période n'est pas close : un nombre qui bouge de jour en jour désigne qui l'a fait bouger.",
            remede=f"attendre le {jour_court(periode.figee_le)}.",
            lieu=lieu,
        )
    p = PublicationStatistique
    recouvre = select(p.statistique, p.periode).where(
        p.nom_table == statistique.table, p.debut < periode.fin, p.fin > periode.debut
    )
    if uai is not None:
        recouvre = recouvre.where(or_(p.uai.is_(None), p.uai == uai))
    trouvee = session.execute(recouvre.limit(1)).one_or_none()
    if trouvee is not None:
        raise OperationRefusee(
            f"« {trouvee.statistique} », {trouvee.periode}, compte déjà ces faits : la différence trahirait.",
            remede="attendre une période qu'aucune publication de cette table ne recouvre.",
            lieu=lieu,
        )


def rendre_statistique(session: Session, cle: str, periode: str) -> StatistiquePubliee:
    """La statistique figée d'une période, dans l'établissement en vigueur : tout ce qu'une brique en reçoit.

    :param session: session de l'établissement.
    :param cle: clé d'une statistique de la brique qui la demande.
    :param periode: « 2026 » pour l'année scolaire 2026-2027, « 2026-10 » pour un mois.
    :raises Introuvable: elle n'est pas encore figée, ou ne le sera pas.
    :raises DonneeProtegee: cette statistique est à une autre brique.
    """
    uai = _chez_soi(session, cle)
    with hors_portillon(session, "rendre une statistique figée"):
        return rendre(session, cle, lire_periode(periode), uai)


def periodes_publiees(session: Session, cle: str) -> list[str]:
    """Codes des périodes figées d'une statistique, la plus récente d'abord.

    :param session: session de l'établissement.
    :param cle: clé d'une statistique de la brique qui la demande.
    :raises DonneeProtegee: cette statistique est à une autre brique.
    """
    p = PublicationStatistique
    uai = _chez_soi(session, cle)
    with hors_portillon(session, "lister les périodes d'une statistique"):
        codes = session.scalars(
            select(p.periode).where(p.statistique == cle, or_(p.uai.is_(None), p.uai == uai)).distinct()
        )
        return sorted(codes, reverse=True)


def _chez_soi(session: Session, cle: str) -> str:
    """Établissement en vigueur, si la brique au titre de laquelle on agit est celle de la statistique."""
    actuel = portage(session)
    if actuel.finalites and cle.partition(".")[0] not in actuel.finalites:
        raise DonneeProtegee(
            f"la statistique « {cle} » est à une autre brique.",
            remede="ne demander que les siennes.",
            lieu=f"statistique {cle}",
        )
    return actuel.uai


def rendre(session: Session, cle: str, periode: PeriodeStatistique, uai: str | None) -> StatistiquePubliee:
    """La statistique figée d'une période : celle d'un établissement, exacte ; celle de l'académie, arrondie.

    :param session: session ouverte.
    :param uai: établissement, ou ``None`` pour l'académie.
    :raises Introuvable: elle n'est pas figée.
    """
    p = PublicationStatistique
    trouvees = session.scalars(
        select(p)
        .where(p.statistique == cle, p.periode == periode.code, _visible(uai))
        .order_by(p.uai.nulls_last())
    )
    for trouvee in trouvees:
        vue = _vue(trouvee, uai)
        if vue is not None:
            return vue
    raise Introuvable(
        "cette statistique n'est pas publiée pour cette période.",
        remede=f"elle se fige à partir du {jour_court(periode.figee_le)}, là où sa brique est ouverte.",
        lieu=f"statistique {cle}, période {periode.code}",
    )


def ouvrir(session: Session, identifiant: UUID, uai: str | None) -> StatistiquePubliee:
    """Une publication, telle que cet établissement ou l'académie la voit.

    :param session: session ouverte.
    :param uai: établissement, ou ``None`` pour l'académie.
    :raises Introuvable: elle n'existe pas ici.
    """
    trouvee = session.get(PublicationStatistique, identifiant)
    vue = _vue(trouvee, uai) if trouvee is not None and trouvee.uai in (None, uai) else None
    if vue is None:
        raise Introuvable("cette statistique n'est pas publiée ici.", remede="revenir à la liste.")
    return vue


def lister(session: Session, uai: str | None) -> list[StatistiquePubliee]:
    """Publications qu'un établissement ou l'académie voit, la plus récente d'abord.

    :param session: session ouverte.
    :param uai: établissement, ou ``None`` pour l'académie.
    """
    p = PublicationStatistique
    trouvees = session.scalars(select(p).where(_visible(uai)).order_by(p.debut.desc(), p.statistique))
    return [vue for trouvee in trouvees if (vue := _vue(trouvee, uai)) is not None]


def _visible(uai: str | None) -> Any:
    p = PublicationStatistique
    return p.uai.is_(None) if uai is None else or_(p.uai.is_(None), p.uai == uai)


def _vue(publication: PublicationStatistique, uai: str | None) -> StatistiquePubliee | None:
    if publication.empreinte != _empreinte(publication):
        raise OperationRefusee(
            "cette publication a été altérée : elle ne répond plus à son empreinte.",
            remede="rétablir la ligne depuis une sauvegarde, et chercher qui a écrit dans la base.",
            lieu=f"publication_statistique, ligne {publication.id}",
        )
    c: Mapping[str, Any] = publication.contenu
    niveaux: list[int] = []
    for ligne in c["lignes"]:
        niveaux.append(0 if ligne["dessus"] is None else niveaux[ligne["dessus"]] + 1)
    entiere = StatistiquePubliee(
        id=publication.id, cle=publication.statistique, intitule=c["intitule"], compte=c["compte"],
        uai=publication.uai, periode=lire_periode(publication.periode), seuil=publication.seuil,
        dimensions=tuple(c["dimensions"]),
        lignes=tuple(
            LignePubliee(ligne["cle"], ligne["intitule"], niveau)
            for ligne, niveau in zip(c["lignes"], niveaux, strict=True)
        ),
        colonnes=tuple(colonne["intitule"] for colonne in c["colonnes"]),
        cases=tuple(map(tuple, c["cases"])), empreinte=publication.empreinte, figee_le=publication.figee_le,
    )  # fmt: skip
    if uai is None:
        return entiere.pour_l_academie()
    return entiere if publication.uai == uai else entiere.pour_l_ecole(uai)


def _contenu(s: Statistique, grille: Grille, tues: frozenset[tuple[int, int]]) -> dict[str, Any]:
    lignes, colonnes = range(len(grille.lignes)), range(len(grille.colonnes) + 1)
    intitules = [d.intitule for d in s.dimensions]
    if len(intitules) == 1 and grille.colonnes:
        intitules.insert(0, "Établissement")
    return {
        "intitule": s.intitule,
        "compte": s.compte.value,
        "dimensions": intitules,
        "lignes": [
            {"cle": e.cle, "intitule": e.intitule, "dessus": dessus}
            for e, dessus in zip(grille.lignes, grille.trame.dessus, strict=True)
        ],
        "colonnes": [{"cle": e.cle, "intitule": e.intitule} for e in grille.colonnes],
        "cases": [[None if (i, j) in tues else grille.nombres[i, j] for j in colonnes] for i in lignes],
    }


def _empreinte(p: PublicationStatistique) -> str:
    dit = (p.statistique, p.uai, p.periode, p.regle, p.seuil, p.contenu)
    forme = json.dumps(dit, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(forme.encode()).hexdigest()


def _arrondir(nombre: int | None) -> int | None:
    return None if nombre is None else (nombre + ARRONDI // 2) // ARRONDI * ARRONDI
