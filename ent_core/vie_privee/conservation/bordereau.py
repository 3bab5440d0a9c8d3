"""Le bordereau d'élimination, que vise le directeur des archives ; et le plan, pour un tableur.

Une ligne par service et par nature de documents : dates extrêmes, durée d'utilité administrative, volume,
règle. Aucun nom de personne.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from ent_core.contrat.donnees import Traitement
from ent_core.identite.tableur.texte import proteger
from ent_core.socle.calendrier import libelle_annee
from ent_core.socle.dates import jour_court
from ent_core.vie_privee.conservation.dossier import Dossier
from ent_core.vie_privee.conservation.modeles import LigneConservation

__all__ = ["ENTETES", "Article", "articles", "en_ods", "plan_en_csv", "plan_en_ods"]

ENTETES = (
    "Service", "Nature des documents", "Dates extrêmes", "Durée de conservation", "Volume (enregistrements)",
    "Règle", "Sort",
)  # fmt: skip
_COLONNES = (
    "rang", "traitement", "objet", "uai", "periode", "echues", "gelees", "actives", "retenues", "sans_date",
    "total", "echeance_min", "echeance_max", "depart", "duree", "sort", "autorite", "second_regard",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Article:
    """Une ligne du bordereau."""

    service: str
    nature: str
    dates: str
    duree: str
    volume: int
    regle: str
    sort: str


def articles(
    dossier: Dossier, traitements: Mapping[str, Traitement], etablissements: Mapping[str, str]
) -> list[Article]:
    """Ce que les archives visent : les lignes du plan qui attendent un visa, par service et par nature.

    :param dossier: dossier du plan.
    :param traitements: intitulés des traitements, par clé.
    :param etablissements: UAI → nom.
    """
    groupes: dict[tuple[str | None, str], list[LigneConservation]] = {}
    for ligne in dossier.lignes:
        if ligne.visa and ligne.echues and dossier.report(ligne) is None:
            groupes.setdefault((ligne.uai, ligne.traitement), []).append(ligne)
    return [
        Article(
            service=f"{etablissements.get(uai, 'Établissement')} ({uai})" if uai else "Académie",
            nature=traitements[cle].intitule if cle in traitements else cle,
            dates=_dates(siennes),
            duree=f"{siennes[0].duree} après : {siennes[0].depart}",
            volume=sum(ligne.echues for ligne in siennes),
            regle=f"{cle}, version {siennes[0].version}. {siennes[0].autorite}",
            sort=siennes[0].sort,
        )
        for (uai, cle), siennes in sorted(groupes.items(), key=lambda g: (g[0][0] or "", g[0][1]))
    ]


def en_ods(lignes: Sequence[Article]) -> bytes:
    """Bordereau dans un classeur ODS.

    :param lignes: lignes du bordereau.
    """
    return _ods("Bordereau d'élimination", (ENTETES, *(astuple(ligne) for ligne in lignes)))


def plan_en_csv(dossier: Dossier) -> bytes:
    """Le plan entier, une ligne par unité, avec ce qui la retient.

    :param dossier: dossier du plan.
    """
    return _csv(_rangees(dossier))


def plan_en_ods(dossier: Dossier) -> bytes:
    """Le même, dans un classeur ODS : les nombres s'y additionnent et s'y trient.

    :param dossier: dossier du plan.
    """
    return _ods("Plan d'élimination", _rangees(dossier))


def _rangees(dossier: Dossier) -> Iterator[Sequence[object]]:
    yield [*_COLONNES, "retenue_par"]
    for ligne in dossier.lignes:
        yield [*(getattr(ligne, nom) for nom in _COLONNES), dossier.obstacle(ligne)]


def _ods(nom: str, rangees: Iterable[Sequence[object]]) -> bytes:
    document = OpenDocumentSpreadsheet()
    feuille = Table(name=nom)
    for valeurs in rangees:
        rangee = TableRow()
        for valeur in valeurs:
            nombre = isinstance(valeur, int) and not isinstance(valeur, bool)
            cellule = TableCell(
                **({"valuetype": "float", "value": valeur} if nombre else {"valuetype": "string"})
            )
            cellule.addElement(P(text="" if valeur is None else str(valeur)))
            rangee.addElement(cellule)
        feuille.addElement(rangee)
    document.spreadsheet.addElement(feuille)
    sortie = io.BytesIO()
    document.write(sortie)
    return sortie.getvalue()


def _csv(rangees: Iterable[Sequence[object]]) -> bytes:
    sortie = io.StringIO()
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    ecrivain.writerows(
        [proteger("" if valeur is None else str(valeur)) for valeur in rangee] for rangee in rangees
    )
    return sortie.getvalue().encode("utf-8-sig")


def _dates(siennes: Sequence[LigneConservation]) -> str:
    """Années scolaires, ou à défaut échéances, de la première à la dernière."""
    annees = sorted({ligne.periode for ligne in siennes if ligne.periode is not None})
    if annees:
        return " à ".join(dict.fromkeys((libelle_annee(annees[0]), libelle_annee(annees[-1]))))
    echeances = [e for ligne in siennes for e in (ligne.echeance_min, ligne.echeance_max) if e is not None]
    return " à ".join(dict.fromkeys(map(jour_court, (min(echeances), max(echeances))))) if echeances else ""
