"""Le menu et le tableau de bord, tirés des crochets, triés, filtrés par permission."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from flask import request, url_for
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError

from ent_core.contrat.interface import Contexte, EntreeMenu, EtatVignette, Vignette
from ent_core.web.instance import Instance

__all__ = ["Lien", "concernees", "menu", "tableau_de_bord"]

_journal = logging.getLogger("ent.web")


@dataclass(frozen=True, slots=True)
class Lien:
    """Une entrée de menu prête à montrer."""

    libelle: str
    url: str
    icone: str
    actif: bool
    compteur: int | None = None


def menu(ent: Instance, contexte: Contexte) -> list[Lien]:
    """Entrées de menu que la personne peut ouvrir.

    :param ent: instance.
    :param contexte: qui regarde.
    """
    entrees: list[tuple[int, str, EntreeMenu]] = []
    for brique, resultat, erreur in ent.relais.demander(
        "ent_navigation", contexte.briques, contexte=contexte
    ):
        if erreur is None:
            entrees += [(e.ordre, brique.id, e) for e in resultat]
    accueil = Lien("Accueil", url_for("ent.accueil"), "accueil", request.endpoint == "ent.accueil")
    permises = [
        e
        for _, _, e in sorted(entrees, key=lambda t: (t[0], t[1], t[2].libelle))
        if ent.habilitations.autorise(contexte, e.permission)
    ]
    return [accueil, *_liens(permises, contexte.briques)]


def _liens(entrees: list[EntreeMenu], briques: Collection[str]) -> Iterator[Lien]:
    adresses = {entree.point: adresse for entree in entrees if (adresse := _adresse(entree.point))}
    montrees = [entree for entree in entrees if entree.point in adresses]
    courante = _courante(montrees, adresses, briques)
    for entree in montrees:
        yield Lien(entree.libelle, adresses[entree.point], entree.icone, entree is courante)


def _courante(
    entrees: list[EntreeMenu], adresses: Mapping[str, str], briques: Collection[str]
) -> EntreeMenu | None:
    """Entrée où l'on est : du même module, celle dont une adresse mène le plus loin vers la page."""
    module = (request.endpoint or "").split(".")[0]
    siennes = [entree for entree in entrees if entree.point.split(".")[0] == module]
    ici = f"{request.script_root}{request.path}".rstrip("/") + "/"
    loin: dict[int, EntreeMenu] = {}
    for entree in siennes:
        chemins = [adresses[entree.point], *filter(None, map(_adresse, entree.section))]
        for chemin in (f"{une.rstrip('/')}/" for une in chemins):
            if ici.startswith(chemin):
                loin.setdefault(len(chemin), entree)
    if loin:
        return loin[max(loin)]
    # Une brique qui n'a qu'une entrée y range toutes ses pages.
    return siennes[0] if len(siennes) == 1 and module in briques else None


def _adresse(point: str) -> str:
    """Adresse d'une entrée, ou rien : une entrée fautive n'est pas montrée, et la page l'est."""
    try:
        return url_for(point)
    except BuildError:
        _journal.error("menu_sans_route", extra={"point": point})
        return ""


def concernees(ent: Instance, contexte: Contexte) -> frozenset[str]:
    """Briques ouvertes ici à qui il vaut la peine de demander une vignette pour cette personne.

    Une brique dont elle n'a aucune permission n'est pas appelée : elle n'en est pas destinataire. Une brique
    sans permission l'est toujours.

    :param ent: instance.
    :param contexte: qui regarde.
    """
    avec: set[str] = set()
    permises: set[str] = set()
    for cle in ent.permissions:
        brique = cle.partition(".")[0]
        avec.add(brique)
        if brique not in permises and ent.habilitations.portee(contexte, cle) is not None:
            permises.add(brique)
    return contexte.briques - (avec - permises)


def tableau_de_bord(ent: Instance, session: Session, contexte: Contexte) -> list[Vignette]:
    """Vignettes de l'accueil ; une brique en panne donne une vignette « indisponible ».

    :param ent: instance.
    :param session: session de la requête.
    :param contexte: qui regarde.
    """
    vignettes: list[tuple[int, str, Vignette]] = []
    for brique, resultat, erreur in ent.relais.demander(
        "ent_tableau_de_bord",
        concernees(ent, contexte),
        session=session,
        contexte=contexte,
        instant=ent.horloge.maintenant(),
    ):
        if erreur is None:
            vignettes += [(v.ordre, brique.id, v) for v in resultat]
            continue
        session.rollback()
        panne = Vignette(f"{brique.id}.indisponible", brique.manifeste.titre, etat=EtatVignette.INDISPONIBLE)
        vignettes.append((panne.ordre, brique.id, panne))
    return [
        v
        for _, _, v in sorted(vignettes, key=lambda t: (t[0], t[1], t[2].cle))
        if not v.permission or ent.habilitations.autorise(contexte, v.permission)
    ]
