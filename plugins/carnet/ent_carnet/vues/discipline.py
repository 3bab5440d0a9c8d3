"""Ce que les pages de la discipline partagent : le menu, les onglets, la vignette de qui décide."""

from __future__ import annotations

from collections.abc import Sequence

from ent_core.brique import Contexte, EntreeMenu, EtatVignette, LigneVignette, Role, Vignette, jour_long, peut
from flask import url_for
from sqlalchemy.orm import Session

from ent_carnet.permissions import INSTRUIRE, PUNITIONS, REPONDRE, SANCTIONS
from ent_carnet.regles.engagement import Obligation
from ent_carnet.services import demandes

__all__ = ["MENU", "onglets_discipline", "vignettes"]

_ONGLETS = (
    ("liste_des_punitions", "Punitions", PUNITIONS),
    ("retenues_du_jour", "Retenues", PUNITIONS),
    ("liste_des_observations", "Observations", PUNITIONS),
    ("liste_des_demandes", "Demandes", PUNITIONS),
    ("propositions_recues", "Propositions", REPONDRE),
    ("liste_des_sanctions", "Sanctions", SANCTIONS),
    ("registre_des_sanctions", "Registre", INSTRUIRE),
)
MENU = (
    EntreeMenu(
        "carnet.liste_des_punitions", "Discipline", PUNITIONS, ordre=140, icone="carnet",
        section=(*(f"carnet.{nom}" for nom, *_ in _ONGLETS[1:]), "carnet.mes_propositions"),
    ),
)  # fmt: skip
_IMPOSE = {
    Obligation.ENGAGER: "Une procédure doit être engagée",
    Obligation.SAISIR_LE_CONSEIL: "Le conseil de discipline doit être saisi",
}


def onglets_discipline(ici: str) -> list[dict[str, object]]:
    """Les pages de la discipline que la personne peut ouvrir.

    :param ici: nom de la page montrée.
    """
    return [
        {"libelle": libelle, "url": url_for(f"carnet.{nom}"), "actif": nom == ici}
        for nom, libelle, permission in _ONGLETS
        if peut(permission)
    ]


def vignettes(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    """Les demandes qui attendent la direction et le CPE ; ce que le texte impose d'abord (DISC-19).

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    """
    if not contexte.roles & {Role.CPE, Role.DIRECTION}:
        return ()
    nombre, imposees = demandes.en_attente(session, contexte)
    lignes = [
        LigneVignette(_IMPOSE[impose], f"demande du {jour_long(jour)}") for jour, impose in imposees[:4]
    ]
    if reste := nombre - len(imposees):
        lignes.append(LigneVignette(_a_lire(reste, autres=bool(imposees))))
    return (
        Vignette(
            "carnet.demandes", "lire les demandes de sanction" if nombre else "Demandes de sanction",
            tuple(lignes), permission=PUNITIONS, ordre=300, compte=nombre or None,
            etat=EtatVignette.A_FAIRE if nombre else EtatVignette.VIDE,
            vide="Aucune demande de sanction n'attend de suite.", point="carnet.liste_des_demandes",
            libelle_lien="Lire les demandes",
        ),
    )  # fmt: skip


def _a_lire(nombre: int, *, autres: bool) -> str:
    if nombre == 1:
        return "Une autre demande à lire" if autres else "Une demande à lire"
    return f"{nombre} {'autres ' if autres else ''}demandes à lire"
