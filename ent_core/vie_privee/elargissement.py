"""Ce qui change entre deux déclarations, et ce qui les élargit.

*Élargir* : traiter plus, pour plus de monde, plus longtemps, avec moins de garanties, ou pour autre chose.
Le code classe, personne ne coche : ce qu'il ne sait pas comparer compte comme un élargissement. Restreindre
ou mieux rédiger n'en est pas un. Tout se lit sur la forme canonique : rien ici ne touche la base.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ent_core.contrat.donnees import (
    BaseLegale,
    Categorie,
    Depart,
    Duree,
    FinaliteEnt,
    NatureDepot,
    Population,
    Sort,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import LIBELLES_ROLES

__all__ = ["Changement", "comparer", "elargissements"]

_CONTENUES: dict[str, frozenset[str]] = {
    "MOI": frozenset(),
    "MES_ENFANTS": frozenset({"MOI"}),
    "MA_CLASSE_PRINCIPALE": frozenset({"MOI"}),
    "MES_CLASSES": frozenset({"MOI", "MA_CLASSE_PRINCIPALE"}),
    "ETABLISSEMENT": frozenset({"MOI", "MES_ENFANTS", "MA_CLASSE_PRINCIPALE", "MES_CLASSES"}),
    "ACADEMIE": frozenset({"MOI", "MES_ENFANTS", "MA_CLASSE_PRINCIPALE", "MES_CLASSES", "ETABLISSEMENT"}),
}
"""Portées que chacune contient ; passer à une portée contenue est restreindre."""

_SUR_QUI = {
    Portee.MOI: "ses propres données",
    Portee.MES_ENFANTS: "ses enfants",
    Portee.MES_CLASSES: "ses classes et ses groupes",
    Portee.MA_CLASSE_PRINCIPALE: "la classe dont il est professeur principal",
    Portee.ETABLISSEMENT: "tout l'établissement",
    Portee.ACADEMIE: "toute l'académie",
}
"""La portée, dite d'un autre que soi."""

_FORCE_DU_SORT = {"SUPPRIMER": 2, "ANONYMISER": 1, "ARCHIVER": 0}
_FORCE_DE_L_AUTORITE = {"Visa": 2, "Tableau": 1, "Texte": 1, "Copie": 0}

Forme = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changement:
    """Une différence, dite à une personne.

    :param traitement: clé du traitement touché ; vide si aucun.
    :param phrase: ce qui change, en français.
    :param elargit: vrai si l'établissement doit l'accepter de nouveau.
    """

    traitement: str
    phrase: str
    elargit: bool


def elargissements(avant: Forme, apres: Forme) -> tuple[Changement, ...]:
    """Ce que les nouvelles déclarations élargissent.

    :param avant: forme canonique acceptée.
    :param apres: forme canonique en cours.
    """
    return tuple(changement for changement in comparer(avant, apres) if changement.elargit)


def comparer(avant: Forme, apres: Forme) -> tuple[Changement, ...]:
    """Tout ce qui change, élargissements d'abord dans chaque traitement, dans un ordre stable.

    :param avant: forme canonique la plus ancienne.
    :param apres: forme canonique la plus récente.
    """
    trouves = [*_aucune(avant, apres), *_traitements(avant, apres), *_tables(avant, apres)]
    if not trouves and dict(avant) != dict(apres):
        trouves = [
            Changement("", "Rédaction ou version modifiée, sans effet sur les données.", elargit=False)
        ]
    return tuple(sorted(trouves, key=lambda c: (c.traitement, not c.elargit)))


def _aucune(avant: Forme, apres: Forme) -> Iterator[Changement]:
    if avant.get("aucune_donnee") and not apres.get("aucune_donnee"):
        yield Changement("", "La brique ne se dit plus sans donnée personnelle.", elargit=True)


def _traitements(avant: Forme, apres: Forme) -> Iterator[Changement]:
    anciens, nouveaux = avant.get("traitements", {}), apres.get("traitements", {})
    for cle in sorted({*anciens, *nouveaux}):
        if cle not in anciens:
            yield Changement(cle, f"Nouveau traitement : {nouveaux[cle].get('finalite', cle)}", elargit=True)
        elif cle not in nouveaux:
            yield Changement(
                cle, f"Traitement abandonné : {anciens[cle].get('intitule', cle)}.", elargit=False
            )
        else:
            for phrase, elargit in _fiche(anciens[cle], nouveaux[cle]):
                yield Changement(cle, phrase, elargit)


Constat = tuple[str, bool]
"""Ce qui change, et si c'est un élargissement."""


def _fiche(a: Forme, b: Forme) -> Iterator[Constat]:
    avant, apres = a.get("finalite", ""), b.get("finalite", "")
    if avant != apres:
        yield f"Le but change : « {apres} » (avant : « {avant} »).", True
    if a["finalite_ent"] != b["finalite_ent"]:
        yield f"La finalité devient : {FinaliteEnt[b['finalite_ent']].value}.", True
    if a["base"] != b["base"]:
        yield f"La base légale devient : {BaseLegale[b['base']].value}.", True
    yield from _ensemble(
        a.get("personnes", []), b.get("personnes", []), "Personnes concernées", lambda p: Population[p].value
    )
    yield from _destinataires(a.get("destinataires", []), b.get("destinataires", []))
    yield from _conservation(a["conservation"], b["conservation"])
    yield from _opposition(a.get("opposition") or {}, b.get("opposition") or {})
    yield from _ensemble(a.get("origines", []), b.get("origines", []), "Origine des données", str)
    yield from _depots(a.get("depots", []), b.get("depots", []))
    if b["seuil"] != a["seuil"]:
        yield (
            f"Une statistique se montre à partir de {b['seuil']} personnes (avant : {a['seuil']}).",
            (b["seuil"] < a["seuil"]),
        )
    for champ, mot in (("intitule", "Nom du traitement"), ("textes", "Textes cités")):
        if a.get(champ) != b.get(champ):
            yield f"{mot} : rédaction modifiée.", False


def _ensemble(a: Iterable[str], b: Iterable[str], quoi: str, dire: Any) -> Iterator[Constat]:
    for ajoute in sorted(set(b) - set(a)):
        yield f"{quoi}, en plus : {dire(ajoute)}.", True
    for ote in sorted(set(a) - set(b)):
        yield f"{quoi}, en moins : {dire(ote)}.", False


def _destinataires(a: Iterable[list[str]], b: Iterable[list[str]]) -> Iterator[Constat]:
    anciens, nouveaux = _par_role(a), _par_role(b)
    for role in sorted({*anciens, *nouveaux}):
        nom = LIBELLES_ROLES.get(role, role)
        if role not in nouveaux:
            yield f"Ne reçoit plus ces données : {nom}.", False
        elif role not in anciens:
            recues = ", ".join(_dire_droit(p, acces) for p, acces in sorted(nouveaux[role]))
            yield f"Reçoit désormais ces données : {nom} ({recues}).", True
        else:
            for droit in sorted(nouveaux[role] - anciens[role]):
                elargit = not any(_contient(ancien, droit) for ancien in anciens[role])
                yield f"Accès changé : {nom}, {_dire_droit(*droit)}.", elargit
            if nouveaux[role] < anciens[role]:
                yield f"Accès réduit : {nom}.", False


def _par_role(destinataires: Iterable[list[str]]) -> dict[str, frozenset[tuple[str, str]]]:
    roles: dict[str, frozenset[tuple[str, str]]] = {}
    for role, portee, acces in destinataires:
        roles[role] = roles.get(role, frozenset()) | {(portee, acces)}
    return roles


def _contient(ancien: tuple[str, str], nouveau: tuple[str, str]) -> bool:
    portee = ancien[0] == nouveau[0] or nouveau[0] in _CONTENUES.get(ancien[0], frozenset())
    return portee and (ancien[1] == nouveau[1] or ancien[1] == "ECRIRE")


def _dire_droit(portee: str, acces: str) -> str:
    return f"{'écriture' if acces == 'ECRIRE' else 'lecture'}, {_SUR_QUI[Portee[portee]]}"


def _conservation(a: Forme, b: Forme) -> Iterator[Constat]:
    if a["depart"] != b["depart"]:
        yield f"La durée court à partir d'un autre fait : {Depart[b['depart']].value}.", True
    if a["duree"] != b["duree"]:
        yield _duree("Durée de conservation", a["duree"], b["duree"])
    if a["sort"] != b["sort"]:
        yield (
            f"Au terme : {Sort[b['sort']].value} (avant : {Sort[a['sort']].value}).",
            _FORCE_DU_SORT[b["sort"]] < _FORCE_DU_SORT[a["sort"]],
        )
    ancienne, nouvelle = a["autorite"]["nature"], b["autorite"]["nature"]
    if ancienne != nouvelle:
        elargit = _FORCE_DE_L_AUTORITE[nouvelle] < _FORCE_DE_L_AUTORITE[ancienne]
        yield f"Ce qui permet d'éliminer devient : {nouvelle.lower()} (avant : {ancienne.lower()}).", elargit
    elif a["autorite"] != b["autorite"]:
        yield "Ce qui permet d'éliminer : référence modifiée.", False
    avant, apres = a.get("intermediaire"), b.get("intermediaire")
    if avant is None and apres is not None:
        yield f"Les données passent ensuite en archive intermédiaire : {_dire(apres)}.", True
    elif apres is None and avant is not None:
        yield "Les données ne passent plus en archive intermédiaire.", False
    elif avant is not None and apres is not None and avant != apres:
        yield _duree("Durée en archive intermédiaire", avant, apres)
    if a.get("preavis") != b.get("preavis"):
        yield f"Délai entre l'avis et l'effacement : {b['preavis']} jours.", b["preavis"] < a["preavis"]
    if a.get("au_depart", False) != b.get("au_depart", False):
        reste = not b.get("au_depart", False)
        mot = "restent jusqu'au terme" if reste else "s'effacent"
        yield f"Quand un élève quitte l'établissement, ses données {mot}.", reste


def _duree(quoi: str, a: Forme, b: Forme) -> Constat:
    return f"{quoi} : {_dire(b)} (avant : {_dire(a)}).", not _pas_plus_long(a, b)


def _pas_plus_long(a: Forme, b: Forme) -> bool:
    """Vrai s'il est sûr que ``b`` ne dépasse pas ``a`` : dans le doute (un mois, trente jours ?), faux."""
    if all(b[unite] <= a[unite] for unite in ("annees", "mois", "jours")):
        return True
    au_plus = b["annees"] * 366 + b["mois"] * 31 + b["jours"]
    au_moins = a["annees"] * 365 + a["mois"] * 28 + a["jours"]
    return bool(au_plus <= au_moins)


def _dire(duree: Forme) -> str:
    return str(Duree(mois=duree["mois"], jours=duree["jours"], annees=duree["annees"]))


def _opposition(a: Forme, b: Forme) -> Iterator[Constat]:
    if a.get("possible") and not b.get("possible"):
        yield "On ne peut plus s'opposer à ce traitement.", True
    elif b.get("possible") and not a.get("possible"):
        yield "On peut désormais s'opposer à ce traitement.", False
    elif a.get("papier") and not b.get("papier"):
        yield "La voie papier disparaît.", True
    elif a != b:
        yield "Opposition : rédaction modifiée.", False


def _depots(a: Iterable[Forme], b: Iterable[Forme]) -> Iterator[Constat]:
    anciens = {(d["nature"], d["intitule"]): d for d in a}
    nouveaux = {(d["nature"], d["intitule"]): d for d in b}
    for cle in sorted({*anciens, *nouveaux}):
        nom = f"{cle[1]} ({NatureDepot[cle[0]].value})"
        if cle not in anciens:
            yield f"Nouvel endroit où des données se trouvent : {nom}.", True
        elif cle not in nouveaux:
            yield f"Des données ne s'y trouvent plus : {nom}.", False
        elif anciens[cle]["duree"] != nouveaux[cle]["duree"]:
            yield _duree(f"Durée de garde, {nom}", anciens[cle]["duree"], nouveaux[cle]["duree"])
        elif anciens[cle] != nouveaux[cle]:
            yield f"{nom} : autre moyen d'effacer.", False


def _tables(avant: Forme, apres: Forme) -> Iterator[Changement]:
    anciennes, nouvelles = avant.get("tables", {}), apres.get("tables", {})
    for nom in sorted({*anciennes, *nouvelles}):
        a, b = anciennes.get(nom, {}), nouvelles.get(nom, {})
        traitement = str(b.get("traitement") or a.get("traitement") or "")
        constats = _table(a, b) if nom in nouvelles else [("Ces données ne sont plus tenues.", False)]
        for phrase, elargit in constats:
            yield Changement(traitement, f"{phrase[:-1]}, dans « {_mots_de_table(nom)} ».", elargit)


def _table(a: Forme, b: Forme) -> Iterator[Constat]:
    if a:
        if a.get("traitement") != b.get("traitement"):
            yield "Ces données relèvent d'un autre traitement.", b.get("traitement") is not None
        if b.get("commune") and not a.get("commune"):
            yield "Ces données ne sont plus tenues à part pour chaque établissement.", True
        if a.get("ajout_seul") and not b.get("ajout_seul"):
            yield "Ce journal peut désormais être modifié.", True
        if a.get("depart") != b.get("depart"):
            yield "La durée court à partir d'une autre date.", True
        restants = b.get("sujets", [])
        for perdu in (s for s in a.get("sujets", []) if s not in restants):
            yield (
                f"La personne désignée par « {_mots(perdu['colonne'])} » ne retrouve plus ces données.",
                True,
            )
    anciennes, nouvelles = a.get("colonnes", {}), b.get("colonnes", {})
    for nom in sorted({*anciennes, *nouvelles}):
        dit = _mots(nom, nouvelles.get(nom, anciennes.get(nom)))
        if nom not in nouvelles:
            yield f"Donnée retirée : « {dit} ».", False
        elif nom not in anciennes:
            # Sous un traitement, même une colonne neutre dit quelque chose d'une personne.
            yield f"Nouvelle donnée : « {dit} »{_categorie(nouvelles[nom])}.", b.get("traitement") is not None
        elif anciennes[nom] != nouvelles[nom]:
            yield from _colonne(dit, anciennes[nom], nouvelles[nom])


def _mots(colonne: str, forme: Forme | None = None) -> str:
    """Les mots d'une colonne : ce que sa déclaration en dit si elle est neutre, sinon ceux de son nom."""
    return (forme or {}).get("neutre") or colonne.removesuffix("_id").replace("_", " ")


def _mots_de_table(table: str) -> str:
    """« carnet_absence » se lit « absence »."""
    return (table.partition("_")[2] or table).replace("_", " ")


def _categorie(colonne: Forme) -> str:
    return f" ({Categorie[colonne['donnee']].value})" if "donnee" in colonne else ""


def _colonne(nom: str, a: Forme, b: Forme) -> Iterator[Constat]:
    if ("donnee" in a) != ("donnee" in b):
        etat = "désormais personnelle" if "donnee" in b else "n'est plus tenue pour personnelle"
        yield f"Donnée « {nom} » : {etat}.", True
        return
    if "donnee" not in b:
        elargit = "exemption" in b and "exemption" not in a
        yield f"Colonne « {nom} » : {'dérogation nouvelle' if elargit else 'rédaction modifiée'}.", elargit
        return
    if a["donnee"] != b["donnee"]:
        yield f"Donnée « {nom} » : la catégorie devient {Categorie[b['donnee']].value}.", True
    if b.get("libre") and not a.get("libre"):
        yield f"Donnée « {nom} » : on peut désormais y écrire librement.", True
    elif a.get("libre") and not b.get("libre"):
        yield f"Donnée « {nom} » : on n'y écrit plus librement.", False
    yield from _ensemble(a.get("cles", []), b.get("cles", []), f"Contenu de « {nom} »", str)
    yield from _pour(nom, set(a.get("pour", [])), set(b.get("pour", [])))
    if a.get("chiffree") and not b.get("chiffree"):
        yield f"Donnée « {nom} » : elle n'est plus chiffrée.", True
    elif b.get("chiffree") and not a.get("chiffree"):
        yield f"Donnée « {nom} » : elle est désormais chiffrée.", False


def _pour(nom: str, a: set[str], b: set[str]) -> Iterator[Constat]:
    """Sans « pour », tous les destinataires du traitement la lisent."""
    if a and not b:
        yield f"Donnée « {nom} » : tous les destinataires la lisent désormais.", True
    elif b and (not a or b < a):
        yield f"Donnée « {nom} » : moins de destinataires la lisent.", False
    elif b - a:
        roles = ", ".join(LIBELLES_ROLES.get(role, role) for role in sorted(b - a))
        yield f"Donnée « {nom} » : la lit aussi {roles}.", True
