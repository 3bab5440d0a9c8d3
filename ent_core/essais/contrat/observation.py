"""Ce que l'on voit faire à une brique : qui écrit, ce que chaque rôle lit, qui ses lignes concernent.

Ces observations ne passent pas par les déclarations : c'est ce qui permet de les confronter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, select

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.donnees import Population
from ent_core.contrat.offres import Demande
from ent_core.contrat.roles import Profil
from ent_core.donnees.base import declaration
from ent_core.donnees.releve import Releve
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.contrat.sources import Preuves, fouiller
from ent_core.essais.instance import InstanceEssai
from ent_core.essais.parcours import Parcours

__all__ = ["Envois", "Observation", "observer", "refus_des_envois"]

Colonne = tuple[str, str]

_POPULATIONS = {
    Profil.ELEVE: Population.ELEVE,
    Profil.RESPONSABLE: Population.RESPONSABLE,
}


@dataclass(frozen=True, slots=True)
class Observation:
    """Ce qu'une brique fait, vu du dehors.

    :param ecrivent: rôles qui ont la permission d'une route qui n'est pas une lecture.
    :param ecrites: rôle → tables où ses envois écrivent.
    :param lues: rôle → (table, colonne) lues par ses pages, ses vignettes, et les pages d'autres briques.
    :param populations: traitement → populations que les exemples concernent.
    :param preuves: ce que les sources montrent.
    """

    ecrivent: frozenset[str] = frozenset()
    ecrites: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lues: Mapping[str, frozenset[Colonne]] = field(default_factory=dict)
    populations: Mapping[str, frozenset[Population]] = field(default_factory=dict)
    preuves: Preuves = field(default_factory=Preuves)


Envois = Mapping[str, Mapping[str, Any]]
"""« POST /adresse » → champs d'un envoi que la brique accepte."""


def observer(
    parcours: Parcours,
    brique: BriqueChargee,
    paquet: Path,
    envois: Envois | None = None,
    offres: Sequence[Demande[Any]] = (),
) -> Observation:
    """Ouvre chaque page et fait chaque envoi comme chaque personne, relit les exemples, fouille les sources.

    :param parcours: instance d'essai, exemples créés.
    :param brique: brique observée.
    :param paquet: dossier de son paquet.
    :param envois: ce que ses formulaires acceptent.
    :param offres: ce que d'autres briques lui demandent.
    """
    lues = _par_role(
        parcours, lambda nom: [*_pages(parcours, nom), *_consultations(parcours, nom, offres)], _colonnes_lues
    )
    ecrites = _par_role(parcours, lambda nom: _envois(parcours, nom, envois or {}), _tables_ecrites)
    return Observation(
        frozenset(_ecrivent(parcours)),
        ecrites,
        lues,
        _populations(parcours.instance, brique),
        fouiller(paquet, brique),
    )


def _ecrivent(parcours: Parcours) -> Iterator[str]:
    for demande in parcours.protegees():
        if demande.methode != "GET":
            yield from parcours.instance.ent.permissions[demande.permission].roles


def _par_role(
    parcours: Parcours,
    gestes: Callable[[str], list[Callable[[], Any]]],
    retenir: Callable[[Releve], set[Any]],
) -> dict[str, frozenset[Any]]:
    """Rôle → ce que ses gestes touchent ; une personne à plusieurs rôles les en fait tous profiter."""
    touches: dict[str, frozenset[Any]] = {}
    for nom, roles in parcours.roles().items():
        siens = gestes(nom)
        if not siens:
            continue
        with _releves(parcours.instance.base, retenir) as retenus:
            for geste in siens:
                geste()
        for role in roles:
            touches[role] = touches.get(role, frozenset()) | frozenset(retenus)
    return touches


def _pages(parcours: Parcours, nom: str) -> list[Callable[[], Any]]:
    pages = [d for d in parcours.protegees() if d.methode == "GET" and nom in set(parcours.permis(d))]
    if not pages:
        return []
    client = parcours.client(nom)
    return [*(partial(demande.envoyer, client) for demande in pages), partial(client.get, "/")]


def _consultations(
    parcours: Parcours, nom: str, offres: Sequence[Demande[Any]]
) -> Iterator[Callable[[], Any]]:
    yield from (partial(parcours.consulter, nom, demande) for demande in offres)


def _colonnes_lues(releve: Releve) -> set[Colonne]:
    return releve.lus


def _envois(parcours: Parcours, nom: str, envois: Envois) -> list[Callable[[], Any]]:
    par_adresse = {str(demande): demande for demande in parcours.protegees()}
    gestes: list[Callable[[], Any]] = []
    for adresse, champs in envois.items():
        demande = par_adresse.get(adresse)
        if demande is not None and nom in set(parcours.permis(demande)):
            corps: dict[str, Any] = {"json" if demande.api else "data": dict(champs)}
            ouvrir: Any = parcours.client(nom).open
            gestes.append(partial(ouvrir, demande.adresse, method=demande.methode, **corps))
    return gestes


def refus_des_envois(parcours: Parcours, envois: Envois) -> list[str]:
    """Envois promis que la brique n'accepte pas de qui en a la permission.

    :param parcours: instance d'essai.
    :param envois: ce que ses formulaires acceptent.
    """
    permises = {str(demande): list(parcours.permis(demande)) for demande in parcours.protegees()}
    ecarts = [f"{adresse} : aucune route" for adresse in envois if adresse not in permises]
    for nom in parcours.roles():
        promis = [adresse for adresse in envois if nom in permises.get(adresse, ())]
        for adresse, geste in zip(promis, _envois(parcours, nom, envois), strict=True):
            if (statut := geste().status_code) >= 400:
                ecarts.append(f"{adresse} par {nom} → {statut}")
    return ecarts


def _tables_ecrites(releve: Releve) -> set[str]:
    return {*releve.crees, *releve.otes, *(table for table, _ in releve.modifies)}


@contextmanager
def _releves(base: BaseDeDonnees, retenir: Callable[[Releve], set[Any]]) -> Iterator[set[Any]]:
    retenus: set[Any] = set()

    def relever(_connexion: Any, _curseur: Any, _enonce: str, _valeurs: Any, contexte: Any, _: Any) -> None:
        releve = getattr(contexte.compiled, "releve", None)
        if releve is not None:
            retenus.update(retenir(releve))

    event.listen(base.moteur, "before_cursor_execute", relever)
    try:
        yield retenus
    finally:
        event.remove(base.moteur, "before_cursor_execute", relever)


def _populations(instance: InstanceEssai, brique: BriqueChargee) -> dict[str, frozenset[Population]]:
    annuaire = instance.annuaire
    connues: dict[UUID, Population] = {
        personne: _POPULATIONS.get(Profil(annuaire.profils[nom]), Population.PERSONNEL)
        for nom, personne in annuaire.personnes.items()
    }
    trouvees: dict[str, set[Population]] = {}
    with instance.base.academie("essai : qui les exemples concernent") as session:
        for table in brique.tables:
            declaree = declaration(table)
            if declaree is None or declaree.traitement is None:
                continue
            for cle in table.foreign_key_constraints:
                if cle.referred_table.name == "personne":
                    for personne in session.scalars(select(table.c[cle.column_keys[0]]).distinct()):
                        if personne in connues:
                            trouvees.setdefault(declaree.traitement, set()).add(connues[personne])
    return {traitement: frozenset(siennes) for traitement, siennes in trouvees.items()}
