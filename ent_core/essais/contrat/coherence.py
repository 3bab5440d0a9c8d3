"""Ce qu'une brique déclare s'accorde avec ce qu'elle fait : chaque annotation a une preuve ailleurs.

Le verrou voit qu'une déclaration change ; il ne voit pas qu'elle est fausse, ni qu'elle l'a toujours été. Ces
règles confrontent chaque annotation à ce qui ne dépend pas d'elle : le type de la colonne, la clé étrangère,
les permissions, les routes, les colonnes réellement lues, les exemples, les sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint, Column, Enum, LargeBinary, String, Table

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.donnees import (
    Acces,
    Categorie,
    Copie,
    Depart,
    Donnee,
    Duree,
    Lien,
    NatureDepot,
    Neutre,
    Sort,
    Texte,
    Traitement,
)
from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.donnees.base import DeclarationTable, declaration
from ent_core.donnees.chiffrement import type_clair
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.essais.contrat.observation import Observation
from ent_core.vie_privee.controle_colonnes import LONGUEUR_CODE
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.contenu import contenus
from ent_core.vie_privee.publication.fiche import CADRE_VIDE, Provenance, rediger
from ent_core.vie_privee.publication.reponses import Reponses
from ent_core.vie_privee.registre import Registre

__all__ = ["REGLES", "Indices", "ecarts", "fiches_incompletes", "seuil_voulu"]

_RACONTENT = frozenset(
    {
        Categorie.VIE_SCOLAIRE, Categorie.EVALUATION, Categorie.APPRECIATION, Categorie.SANTE,
        Categorie.SENSIBLE,
    }
)  # fmt: skip
_SENSIBLES = frozenset({Categorie.SANTE, Categorie.SENSIBLE})
_SEUIL, _SEUIL_SENSIBLE = 5, 11
"""Effectif sous lequel une statistique désigne quelqu'un ; onze pour la santé, comme dans ses fichiers."""

_ARTICLE_30 = (
    "nom", "reference", "finalite", "sous_finalites", "base", "textes", "personnes", "donnees", "sources",
    "destinataires", "externes", "active", "depart", "sort", "autorite", "techniques", "acces", "droits",
)  # fmt: skip
"""Rubriques que le code doit remplir seul ; responsable, DPD, sous-traitants viennent de l'établissement."""


@dataclass(frozen=True, slots=True)
class Indices:
    """Ce que l'on confronte : ce qui est déclaré, et ce qui est vu."""

    brique: BriqueChargee
    vu: Observation

    def tables(self) -> Iterator[tuple[Table, DeclarationTable, Traitement]]:
        """Tables qui relèvent d'un traitement de la brique."""
        traitements = {t.cle: t for t in self.brique.traitements}
        for table in self.brique.tables:
            declaree = declaration(table)
            if declaree is not None and declaree.traitement in traitements:
                yield table, declaree, traitements[declaree.traitement]

    def donnees(self) -> Iterator[tuple[Column[Any], Donnee, DeclarationTable, Traitement]]:
        """Colonnes personnelles de ces tables."""
        for table, declaree, traitement in self.tables():
            for colonne in table.columns:
                dite = declaration_colonne(colonne)
                if isinstance(dite, Donnee):
                    yield colonne, dite, declaree, traitement


Regle = Callable[[Indices], Iterator[str]]


def ecarts(indices: Indices, regles: Sequence[Regle] | None = None) -> list[str]:
    """Tout ce qui ne s'accorde pas, en toutes lettres.

    :param indices: ce qui est déclaré et ce qui est vu.
    :param regles: par défaut, toutes.
    """
    return [ecart for regle in (REGLES if regles is None else regles) for ecart in regle(indices)]


def fiches_incompletes(brique: BriqueChargee) -> Iterator[str]:
    """Ce que la fiche de registre tirée du code ne dit pas, alors que l'article 30 l'exige.

    :param brique: brique éprouvée.
    """
    registre = Registre.reunir([brique.declaration()])
    lus = contenus(registre)
    for traitement in brique.traitements:
        fiche = rediger(traitement, lus[traitement.cle], CADRE_VIDE, Reponses())
        vides = {r.cle for r in fiche.rubriques if r.vide and r.provenance is Provenance.CODE}
        for cle in sorted({*vides - {"dates", "intermediaire"}, *(c for c in _ARTICLE_30 if fiche[c].vide)}):
            yield f"{traitement.cle} : la rubrique « {fiche[cle].intitule} » est vide"
        dits = " ".join(valeur for rubrique in fiche.rubriques for valeur in rubrique.valeurs)
        attendus = [traitement.intitule, traitement.finalite, *traitement.textes, *traitement.origines]
        attendus += phrases.destinataires(traitement.destinataires)
        attendus += [phrases.conservation(traitement.conservation)]
        attendus += [p.value for p in traitement.personnes]
        attendus += [phrases.depot(d) for d in traitement.depots]
        attendus += [c.value for c in {d.categorie for d in _de(registre, traitement)}]
        for attendu in attendus:
            if attendu.lower() not in dits.lower():
                yield f"{traitement.cle} : la fiche ne dit pas « {attendu} »"


def _de(registre: Registre, traitement: Traitement) -> Iterator[Donnee]:
    for table in registre.tables.values():
        declaree = declaration(table)
        if declaree is not None and declaree.traitement == traitement.cle:
            dites = map(declaration_colonne, table.columns)
            yield from (dite for dite in dites if isinstance(dite, Donnee))


def _textes_libres(i: Indices) -> Iterator[str]:
    for colonne, dite, _, _ in i.donnees():
        longueur = _longueur(colonne)
        if dite.categorie in _RACONTENT and longueur is not None and longueur > LONGUEUR_CODE:
            if not dite.libre:
                yield f"{_ou(colonne)} : on peut y écrire n'importe quoi ; libre=True, ou borner sa longueur"


def _personnes_en_clair(i: Indices) -> Iterator[str]:
    """Ce qui désigne une personne est une donnée, même si un lien le dit déjà."""
    for table, _, _ in i.tables():
        for cle in table.foreign_key_constraints:
            if cle.referred_table.name == "personne":
                for nom in cle.column_keys:
                    if not isinstance(declaration_colonne(table.c[nom]), Donnee):
                        yield f"{table.name}.{nom} : elle désigne une personne ; vers_personne()"


def _textes_neutres(i: Indices) -> Iterator[str]:
    """À côté d'une personne, un texte n'est neutre que s'il sort d'une liste fermée, ou par dérogation."""
    for table, declaree, _ in i.tables():
        verifiees = (str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint))
        fermees = set(re.findall(r"\w+", " ".join(verifiees)))
        for colonne in table.columns if declaree.sujets else ():
            dite = declaration_colonne(colonne)
            libre = isinstance(colonne.type, String) and not isinstance(colonne.type, Enum)
            if not isinstance(dite, Neutre) or dite.exemption or not libre:
                continue
            if not (colonne.primary_key or colonne.foreign_keys or colonne.name in fermees):
                yield f"{_ou(colonne)} : texte neutre à côté d'une personne ; CheckConstraint, ou donnee(…)"


def _liens(i: Indices) -> Iterator[str]:
    """À elle, la ligne part avec elle ; écrite par elle, elle reste : le lien et la clé s'accordent."""
    for table, declaree, traitement in i.tables():
        directs = [s for s in declaree.sujets if not s.par and s.colonne in table.c]
        siens = [_effet(table.c[s.colonne]) for s in directs if s.lien is Lien.PROPRIETAIRE]
        partagee = len(siens) > 1 and set(siens) == {"SET NULL"}
        for sujet in directs:
            colonne = table.c[sujet.colonne]
            effet = _effet(colonne)
            if sujet.lien is not Lien.PROPRIETAIRE and effet == "CASCADE":
                yield f"{_ou(colonne)} : la ligne partirait avec qui l'a écrite ; SET NULL"
            elif sujet.lien is Lien.PROPRIETAIRE and effet == "SET NULL" and not partagee:
                if traitement.conservation.sort is not Sort.ANONYMISER:
                    yield f"{_ou(colonne)} : la ligne survit sans être à personne ; Lien.AUTEUR, ou CASCADE"


def _effet(colonne: Column[Any]) -> str:
    return next(((cle.ondelete or "").upper() for cle in colonne.foreign_keys), "")


def _parentes(i: Indices) -> Iterator[str]:
    """Une ligne accrochée à une autre qui a un sujet mène à la même personne."""
    siennes = {table.name: declaree for table, declaree, _ in i.tables()}
    for nom, declaree in siennes.items():
        par = {sujet.par for sujet in declaree.sujets}
        if any(s.lien is Lien.PROPRIETAIRE and not s.par for s in declaree.sujets):
            continue
        table = next(t for t in i.brique.tables if t.name == nom)
        for cle in table.foreign_key_constraints:
            parente = siennes.get(cle.referred_table.name)
            # Une clé vers une personne est un lien, non une ligne à laquelle on s'accroche.
            liees = {*par, nom, "personne"}
            if parente is not None and parente.sujets and cle.referred_table.name not in liees:
                yield f"{nom} : elle s'appuie sur {cle.referred_table.name} ; Sujet(…, par=…)"


def _chiffrement(i: Indices) -> Iterator[str]:
    for colonne, dite, _, _ in i.donnees():
        ecrite = dite.libre or isinstance(type_clair(colonne.type), LargeBinary)
        if dite.categorie in _SENSIBLES and ecrite and not dite.chiffree:
            yield f"{_ou(colonne)} : texte ou document sensible, gardé en clair ; chiffree=True"


def _durees(i: Indices) -> Iterator[str]:
    for t in i.brique.traitements:
        c = t.conservation
        # La fin d'une année, ou le terme que la loi donne à chaque ligne, est déjà une échéance.
        du_texte = c.depart is Depart.FIN_DE_VALIDITE and isinstance(c.autorite, Texte)
        if c.duree == Duree() and c.depart is not Depart.FIN_ANNEE_SCOLAIRE and not du_texte:
            if not isinstance(c.autorite, Copie):
                yield f"{t.cle} : aucune durée, alors que rien ne dit que c'est une copie de travail"
        if c.intermediaire == Duree():
            yield f"{t.cle} : archive intermédiaire sans durée"


def _journaux(i: Indices) -> Iterator[str]:
    for table, declaree, traitement in i.tables():
        dites = [d for d in map(declaration_colonne, table.columns) if isinstance(d, Donnee)]
        traces = any(d.categorie is Categorie.TRACE for d in dites)
        if traces and traitement.conservation.depart is Depart.CREATION and not declaree.ajout_seul:
            yield f"{table.name} : un journal que l'on peut récrire ne prouve rien ; __ajout_seul__ = True"
        if declaree.ajout_seul and not traces:
            yield f"{table.name} : un journal sans aucune colonne Categorie.TRACE"


def seuil_voulu(brique: BriqueChargee, traitement: str) -> int:
    """Effectif sous lequel une statistique de ce traitement désigne quelqu'un, quoi qu'il déclare.

    :param traitement: clé du traitement.
    """
    donnees = Indices(brique, Observation()).donnees()
    sensible = any(t.cle == traitement and dite.categorie in _SENSIBLES for _, dite, _, t in donnees)
    return _SEUIL_SENSIBLE if sensible else _SEUIL


def _seuils(i: Indices) -> Iterator[str]:
    for t in i.brique.traitements:
        voulu = seuil_voulu(i.brique, t.cle)
        if t.seuil < voulu:
            yield f"{t.cle} : statistiques dès {t.seuil} personnes ; seuil={voulu} au moins"


def _portees(i: Indices) -> Iterator[str]:
    """Qui reçoit les données a une permission pour les voir, du même périmètre, et réciproquement."""
    declarees: dict[str, set[str]] = {}
    accordees: dict[str, set[str]] = {}
    for t in i.brique.traitements:
        for d in t.destinataires:
            declarees.setdefault(d.role, set()).add(d.portee.value)
    for permission in i.brique.permissions:
        for role, portee in permission.roles.items():
            accordees.setdefault(role, set()).add(portee.value)
    for role in sorted({*declarees, *accordees}) if accordees else ():
        recoit, peut = declarees.get(role, set()), accordees.get(role, set())
        if recoit != peut:
            nom = LIBELLES_ROLES.get(role, role)
            yield f"{nom} : destinataire pour {_dire(recoit)}, permission pour {_dire(peut)}"


def _ecritures(i: Indices) -> Iterator[str]:
    """Qui a une route pour écrire l'a déclaré, et réciproquement ; par traitement, dès que l'on voit où."""
    if not (i.brique.permissions and i.brique.traitements):
        return
    ecrivent = {d.role for t in i.brique.traitements for d in t.destinataires if d.acces is Acces.ECRIRE}
    for role in sorted(i.vu.ecrivent - ecrivent):
        yield f"{LIBELLES_ROLES.get(role, role)} : sa permission ouvre une écriture ; Acces.ECRIRE"
    montre = i.vu.ecrivent or i.vu.lues  # sans aucune page ni route, rien ne dit qui écrira
    for role in sorted(ecrivent - i.vu.ecrivent) if montre else ():
        yield f"{LIBELLES_ROLES.get(role, role)} : Acces.ECRIRE, mais aucune route ne le fait écrire"
    for table, _, traitement in i.tables():
        declares = {d.role for d in traitement.destinataires if d.acces is Acces.ECRIRE}
        for role in sorted(set(i.vu.ecrites) & i.vu.ecrivent - declares):
            if table.name in i.vu.ecrites[role]:
                yield f"{table.name} : {LIBELLES_ROLES.get(role, role)} y écrit ; Acces.ECRIRE"


def _moindre_privilege(i: Indices) -> Iterator[str]:
    """Une colonne ouverte à un rôle dont aucune page ne la lit n'est pas pour lui (RGPD, article 5.1 c)."""
    for colonne, dite, _, traitement in i.donnees():
        for role in sorted({d.role for d in traitement.destinataires} & set(i.vu.lues)):
            lue = (colonne.table.name, colonne.name) in i.vu.lues[role]
            if (not dite.pour or role in dite.pour) and not lue:
                nom = LIBELLES_ROLES.get(role, role)
                yield f"{_ou(colonne)} : ouverte à « {nom} », dont aucune page ne la lit ; pour={{…}}"


def _populations(i: Indices) -> Iterator[str]:
    for t in i.brique.traitements:
        vues = i.vu.populations.get(t.cle, frozenset())
        for population in sorted(vues - t.personnes):
            yield f"{t.cle} : les exemples concernent des {population.value}, absents de « personnes »"
        for population in sorted(t.personnes - vues) if vues else ():
            yield f"{t.cle} : « personnes » nomme {population.value}, qu'aucun exemple ne concerne"


def _depots(i: Indices) -> Iterator[str]:
    declares = {depot.nature for t in i.brique.traitements for depot in t.depots}
    if not i.brique.traitements:
        return
    for nature in sorted(i.vu.preuves.natures - declares):
        yield f"ses sources montrent des données ailleurs ({nature.value}) ; Depot(…)"
    if i.vu.preuves.hors_des_tables and not declares - {NatureDepot.JOURNAUX, NatureDepot.SAUVEGARDES}:
        yield "elle exporte ou efface elle-même des données : où sont-elles ? Depot(…)"


def _oppositions(i: Indices) -> Iterator[str]:
    ouvertes = [t for t in i.brique.traitements if t.opposition is not None and t.opposition.possible]
    if i.vu.preuves.oppositions and not ouvertes:
        yield "elle demande si une personne s'oppose, mais aucun traitement ne l'ouvre ; Opposition(…)"
    if ouvertes and not i.vu.preuves.oppositions:
        yield f"{ouvertes[0].cle} : on peut s'y opposer, mais rien ne le respecte ; opposee(…)"
    for t in i.brique.traitements:
        if t.opposition is None:
            continue
        if t.opposition.possible and not t.opposition.papier.strip():
            yield f"{t.cle} : on peut s'y opposer, sans voie papier à la place"
        if t.opposition.papier.strip() and not i.vu.preuves.papier:
            yield f"{t.cle} : une voie papier, mais aucune feuille ; ent_formulaire_papier"
        if not t.opposition.motif.strip():
            yield f"{t.cle} : opposition sans motif"


def _longueur(colonne: Column[Any]) -> float | None:
    clair = type_clair(colonne.type)
    if not isinstance(clair, String):
        return None
    return float("inf") if clair.length is None else clair.length


def _ou(colonne: Column[Any]) -> str:
    return f"{colonne.table.name}.{colonne.name}"


def _dire(portees: set[str]) -> str:
    return ", ".join(sorted(portees)) or "rien"


REGLES: tuple[Regle, ...] = (
    _textes_libres,
    _personnes_en_clair,
    _textes_neutres,
    _liens,
    _parentes,
    _chiffrement,
    _durees,
    _journaux,
    _seuils,
    _portees,
    _ecritures,
    _moindre_privilege,
    _populations,
    _depots,
    _oppositions,
)
"""Chaque règle, et ce qu'elle confronte."""
