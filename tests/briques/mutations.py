"""Ôter une annotation à la fois d'une brique, en mémoire, sans toucher à ses fichiers.

Chaque mutant est la brique moins une annotation. Les déclarations d'une table et d'une colonne vivent dans
SQLAlchemy : elles sont changées le temps de l'essai, puis remises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Column, Table

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.donnees import Acces, Conservation, Donnee, Duree, Lien, Neutre, Traitement
from ent_core.contrat.interface import Portee
from ent_core.donnees.base import CLE_INFO, declaration
from ent_core.donnees.colonnes import declaration_colonne

__all__ = ["Mutant", "mutants"]

Pose = Callable[[], AbstractContextManager[BriqueChargee]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """Une brique moins une annotation.

    :param sorte: annotation ôtée.
    :param nom: où.
    :param poser: met le mutant en place ; ``TypeError`` si la brique ne se construit plus.
    """

    sorte: str
    nom: str
    poser: Pose

    def __str__(self) -> str:
        return f"{self.sorte} : {self.nom}"


def mutants(brique: BriqueChargee) -> Iterator[Mutant]:
    """Tous les mutants d'une brique.

    :param brique: brique chargée.
    """
    for rang, traitement in enumerate(brique.traitements):
        for sorte, muter in _du_traitement(traitement):
            yield Mutant(sorte, traitement.cle, _par_traitement(brique, rang, muter))
    for table in brique.tables:
        declaree = declaration(table)
        assert declaree is not None
        for sorte, autre in _de_la_table(declaree):
            yield Mutant(sorte, table.name, _par_info(brique, table, autre))
        for colonne in table.columns:
            dite = declaration_colonne(colonne)
            for sorte, change in _de_la_colonne(dite):
                yield Mutant(sorte, f"{table.name}.{colonne.name}", _par_info(brique, colonne, change))


def _sans(valeur: Any, champ: str) -> Any:
    """La même déclaration, écrite sans ce champ : sa valeur par défaut, ou l'impossibilité de l'écrire."""
    dits = {c.name: getattr(valeur, c.name) for c in fields(valeur) if c.name != champ}
    return type(valeur)(**dits)


def _facultatifs(valeur: Any) -> Iterator[str]:
    """Champs facultatifs que la déclaration remplit : les ôter change quelque chose."""
    assert is_dataclass(valeur)
    for champ in fields(valeur):
        if champ.default is not MISSING and getattr(valeur, champ.name) != champ.default:
            yield champ.name


def _obligatoires(valeur: Any) -> Iterator[str]:
    yield from (champ.name for champ in fields(valeur) if champ.default is MISSING)


Mutation = tuple[str, Callable[[], Any]]


def _avec(valeur: Any, champ: str, autre: Any) -> Any:
    return replace(valeur, **{champ: autre})


_VIDES: tuple[tuple[str, Any], ...] = (
    ("intitule", ""), ("finalite", ""), ("textes", ()), ("personnes", frozenset()), ("destinataires", ()),
    ("origines", ()),
)  # fmt: skip


def _du_traitement(t: Traitement) -> Iterator[Mutation]:
    for champ in _obligatoires(t):
        yield f"{champ} ôté", partial(_sans, t, champ)
    for champ in _facultatifs(t):
        yield f"{champ} ôté", partial(_sans, t, champ)
    for champ, vide in _VIDES:
        yield f"{champ} vidé", partial(_avec, t, champ, vide)
    for population in t.personnes if len(t.personnes) > 1 else ():
        yield "population ôtée", partial(_avec, t, "personnes", t.personnes - {population})
    for d in t.destinataires:
        autres = tuple(x for x in t.destinataires if x is not d)
        yield f"destinataire ôté ({d.role})", partial(_avec, t, "destinataires", autres)
        if d.portee is not Portee.ACADEMIE:
            partout = replace(d, portee=Portee.ACADEMIE)
            yield f"portée ôtée ({d.role})", partial(_avec, t, "destinataires", (*autres, partout))
        if d.acces is Acces.ECRIRE:
            lecteur = _sans(d, "acces")
            yield f"accès ôté ({d.role})", partial(_avec, t, "destinataires", (*autres, lecteur))
    for depot in t.depots:
        restants = tuple(x for x in t.depots if x is not depot)
        yield f"dépôt ôté ({depot.nature})", partial(_avec, t, "depots", restants)
        for champ in ("intitule", "moyen"):
            yield f"dépôt, {champ} vidé", partial(_avec, t, "depots", (*restants, _avec(depot, champ, "")))
    if t.opposition is not None:
        for champ in ("motif", "papier"):
            if getattr(t.opposition, champ):
                muette = _avec(t.opposition, champ, "")
                yield f"opposition, {champ} vidé", partial(_avec, t, "opposition", muette)
    for sorte, muter in _de_la_conservation(t.conservation):
        yield f"conservation, {sorte}", partial(_conserver, t, muter)


def _conserver(t: Traitement, muter: Callable[[], Any]) -> Traitement:
    return replace(t, conservation=muter())


def _de_la_conservation(c: Conservation) -> Iterator[tuple[str, Callable[[], Any]]]:
    for champ in (*_obligatoires(c), *_facultatifs(c)):
        yield f"{champ} ôté", partial(_sans, c, champ)
    yield "durée vidée", partial(_avec, c, "duree", Duree())
    for champ in ("reference", "original"):
        if getattr(c.autorite, champ, ""):
            yield f"{champ} vidé", partial(_avec, c, "autorite", _avec(c.autorite, champ, ""))


def _de_la_table(d: Any) -> Iterator[tuple[str, Any]]:
    yield "table sans déclaration", None
    for nom in ("traitement", "cloisonnement", "depart"):
        if getattr(d, nom) is not None:
            yield f"__{nom}__ ôté", replace(d, **{nom: None})
    if d.cloisonnement is not None and d.cloisonnement.motif:
        yield "commun, motif vidé", replace(d, cloisonnement=replace(d.cloisonnement, motif=""))
    for nom, vide in (("ajout_seul", False), ("sans_sujet", "")):
        if getattr(d, nom):
            yield f"__{nom}__ ôté", replace(d, **{nom: vide})
    for sujet in d.sujets:
        autres = tuple(s for s in d.sujets if s is not sujet)
        yield f"sujet ôté ({sujet.colonne})", replace(d, sujets=autres)
        if sujet.lien is not Lien.PROPRIETAIRE:
            yield f"lien ôté ({sujet.colonne})", replace(d, sujets=(*autres, _sans(sujet, "lien")))
        if sujet.par:
            yield f"par ôté ({sujet.colonne})", replace(d, sujets=(*autres, _sans(sujet, "par")))


def _de_la_colonne(dite: Donnee | Neutre | None) -> Iterator[tuple[str, Any]]:
    assert dite is not None
    yield "colonne sans déclaration", None
    match dite:
        case Donnee():
            yield "donnée dite neutre", Neutre("rang d'affichage")
            for nom in _facultatifs(dite):
                yield f"{nom} ôté", _sans(dite, nom)
        case Neutre(exemption=exemption):
            yield "neutre, motif vidé", replace(dite, motif="")
            if exemption is not None:
                yield "exemption ôtée", replace(dite, exemption=None)
                for nom in ("motif", "par"):
                    yield f"exemption, {nom} vidé", replace(dite, exemption=_avec(exemption, nom, ""))


def _par_traitement(brique: BriqueChargee, rang: int, muter: Callable[[], Traitement]) -> Pose:
    @contextmanager
    def poser() -> Iterator[BriqueChargee]:
        mute = muter()
        yield replace(brique, traitements=(*brique.traitements[:rang], mute, *brique.traitements[rang + 1 :]))

    return poser


def _par_info(brique: BriqueChargee, porteur: Table | Column[Any], autre: Any) -> Pose:
    @contextmanager
    def poser() -> Iterator[BriqueChargee]:
        avant = porteur.info[CLE_INFO]
        porteur.info[CLE_INFO] = autre
        try:
            yield brique
        finally:
            porteur.info[CLE_INFO] = avant

    return poser
