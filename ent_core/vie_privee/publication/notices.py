"""Les notices : le registre, dit aux personnes dans des mots ordinaires (RGPD, articles 12 à 14).

Elles se tirent des mêmes déclarations et des mêmes phrases que les fiches ; un essai tient l'accord.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ent_core.contrat.donnees import BaseLegale, Categorie, NatureDepot, Population, Sort, Traitement, Visa
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.publication.contenu import Contenu, contenus
from ent_core.vie_privee.publication.droits import DroitOuvert, droits
from ent_core.vie_privee.publication.fiche import Cadre
from ent_core.vie_privee.publication.reponses import Reponses
from ent_core.vie_privee.registre import Registre

__all__ = ["Lecteurs", "Notice", "NoticeBrique", "NoticeTraitement", "rediger_notice"]


class Lecteurs(StrEnum):
    """À qui une notice s'adresse."""

    FAMILLES = "familles"
    PERSONNELS = "personnels"


_CONCERNES: dict[Lecteurs, frozenset[Population]] = {
    Lecteurs.FAMILLES: frozenset({Population.ELEVE, Population.RESPONSABLE}),
    Lecteurs.PERSONNELS: frozenset({Population.PERSONNEL, Population.EXTERIEUR}),
}

_RAISONS: dict[BaseLegale, str] = {
    BaseLegale.MISSION_INTERET_PUBLIC: "L'école le fait pour remplir sa mission de service public.",
    BaseLegale.OBLIGATION_LEGALE: "La loi oblige l'école à le faire.",
    BaseLegale.CONSENTEMENT: "L'école ne le fait que si vous êtes d'accord. Vous pouvez changer d'avis.",
}

_TRACES = frozenset({Categorie.TRACE, Categorie.CONNEXION})


@dataclass(frozen=True, slots=True)
class NoticeTraitement:
    """Un traitement, dit aux personnes.

    :param quoi: ce que l'école enregistre, une ligne par sorte de donnée.
    :param pourquoi: dans quel but, puis ce qui le permet.
    :param qui: qui le voit.
    :param dehors: à qui c'est transmis hors de l'école (RGPD, article 13.1 e).
    :param duree: combien de temps, et ce qui suit.
    :param droits: ce que la personne peut faire, puis ce qu'elle ne peut pas.
    :param papier: comment faire sans écran, si la brique le prévoit.
    """

    cle: str
    intitule: str
    personnes: tuple[str, ...]
    quoi: tuple[str, ...]
    pourquoi: tuple[str, ...]
    qui: tuple[str, ...]
    dehors: tuple[str, ...]
    duree: tuple[str, ...]
    origines: tuple[str, ...]
    droits: tuple[DroitOuvert, ...]
    papier: str
    textes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticeBrique:
    """Une brique ouverte ; sans traitement, elle n'enregistre rien sur ces lecteurs."""

    brique: str
    titre: str
    traitements: tuple[NoticeTraitement, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Toute l'information due à des lecteurs.

    :param traces: traitements qui gardent des traces de connexion ou d'usage, à dire aux personnels.
    :param responsable: qui décide, et comment le joindre.
    :param delegue: le délégué à la protection des données ; vide, l'académie ne l'a pas encore nommé ici.
    """

    lecteurs: Lecteurs
    etablissement: str
    briques: tuple[NoticeBrique, ...]
    traces: tuple[NoticeTraitement, ...]
    responsable: tuple[str, ...]
    delegue: tuple[str, ...]

    @property
    def traitements(self) -> tuple[NoticeTraitement, ...]:
        """Tous les traitements de la notice."""
        return tuple(traitement for brique in self.briques for traitement in brique.traitements)

    @property
    def droits(self) -> tuple[tuple[tuple[str, ...], tuple[DroitOuvert, ...]], ...]:
        """Les mêmes droits une seule fois : noms des traitements, et ce qu'on y peut."""
        groupes: dict[tuple[DroitOuvert, ...], list[str]] = {}
        for traitement in self.traitements:
            groupes.setdefault(traitement.droits, []).append(traitement.intitule)
        return tuple((tuple(noms), droits) for droits, noms in groupes.items())


def rediger_notice(
    lecteurs: Lecteurs,
    registre: Registre,
    cadre: Cadre,
    reponses: Reponses,
    cles: Iterable[str],
    briques: Mapping[str, str],
    responsable: Iterable[str],
) -> Notice:
    """Rédige la notice d'un établissement, ou de l'instance.

    :param lecteurs: à qui elle s'adresse.
    :param registre: déclarations de l'instance.
    :param cadre: ce que l'instance sait d'elle-même.
    :param reponses: ce que l'établissement et l'académie ont répondu.
    :param cles: traitements du registre publié, dans l'ordre.
    :param briques: briques ouvertes, identifiant → titre.
    :param responsable: rubrique du responsable, telle que le registre la publie.
    """
    dedans = contenus(registre)
    par_brique: dict[str, list[NoticeTraitement]] = {brique: [] for brique in briques}
    traces = []
    for cle in cles:
        traitement = registre.traitements[cle]
        if not traitement.personnes & _CONCERNES[lecteurs]:
            continue
        dit = _traitement(traitement, dedans[cle], cadre.dehors.get(cle, ()))
        par_brique.setdefault(cle.split(".")[0], []).append(dit)
        if _TRACES & set(dedans[cle].categories) or dedans[cle].ajout_seul:
            traces.append(dit)
    return Notice(
        lecteurs,
        cadre.etablissement,
        tuple(
            NoticeBrique(brique, briques.get(brique, brique), tuple(traitements))
            for brique, traitements in par_brique.items()
        ),
        tuple(traces),
        tuple(responsable),
        tuple(filter(None, (reponses.delegue, reponses.delegue_contact))),
    )


def _traitement(t: Traitement, contenu: Contenu, dehors: Iterable[str]) -> NoticeTraitement:
    return NoticeTraitement(
        cle=t.cle,
        intitule=t.intitule,
        personnes=tuple(phrases.POPULATIONS[p] for p in Population if p in t.personnes),
        quoi=tuple(phrases.CATEGORIES[categorie] for categorie in contenu.categories),
        pourquoi=(t.finalite, _RAISONS[t.base]),
        qui=tuple(phrases.destinataires(t.destinataires)),
        dehors=(*(phrases.depot(d) for d in t.depots if d.nature is NatureDepot.SERVICE_TIERS), *dehors),
        duree=tuple(_duree(t)),
        origines=t.origines,
        droits=tuple(droit for droit in droits(t) if droit.phrase),
        papier=t.opposition.papier if t.opposition else "",
        textes=t.textes,
    )


def _duree(t: Traitement) -> Iterator[str]:
    regle = t.conservation
    yield phrases.conservation(regle)
    if regle.intermediaire is not None:
        yield f"puis {phrases.intermediaire(regle)}"
    yield f"puis {phrases.sort(regle)}" + (
        ", une fois l'accord des archives obtenu" if _attend_un_accord(t) else ""
    )


def _attend_un_accord(t: Traitement) -> bool:
    return isinstance(t.conservation.autorite, Visa) and t.conservation.sort is not Sort.ARCHIVER
