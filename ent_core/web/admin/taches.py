"""Les travaux différés : ce qui attend, ce qui est mort, le rejouer ou y renoncer."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.chargement.taches import libelle_de, tableau_des_taches, toutes_les_taches
from ent_core.donnees import file_taches
from ent_core.identite.journal import consigner
from ent_core.web.admin.pages import administration
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige

__all__ = ["abandonner", "agir_sur_un_mort", "rejouer", "taches"]


@administration.get("/travaux")
@exige("noyau.taches")
def taches() -> str:
    """La file, tâche par tâche, et les travaux morts."""
    ent = instance()
    toutes = toutes_les_taches(ent.chargement, ent.configuration)
    # La connexion de la requête est rendue avant d'en prendre une autre : la réserve est petite.
    requete().base.commit()
    with ent.base.academie("travaux : état de la file") as session:
        lignes = tableau_des_taches(session, toutes, ent.horloge.maintenant())
        morts = file_taches.lister_morts(session)
    return render_template(
        "admin/taches.html",
        lignes=lignes,
        morts=morts,
        garde=file_taches.GARDE_MORTS.days,
        libelles={mort.tache: libelle_de(mort.tache, toutes) for mort in morts},
    )


@administration.post("/travaux/<int:travail_id>/rejouer")
@exige("noyau.taches")
def rejouer(travail_id: int) -> Response:
    """Remet un travail mort dans la file."""
    agir_sur_un_mort(file_taches.rejouer, travail_id, "travail.rejoue")
    return redirect(url_for("admin.taches"), 303)


@administration.post("/travaux/<int:travail_id>/abandonner")
@exige("noyau.taches")
def abandonner(travail_id: int) -> Response:
    """Renonce à un travail mort."""
    agir_sur_un_mort(file_taches.abandonner, travail_id, "travail.abandonne")
    return redirect(url_for("admin.taches"), 303)


def agir_sur_un_mort(agir: Callable[[Session, int], str], travail_id: int, acte: str) -> None:
    """Agit sur un travail mort, et le consigne.

    :param agir: ``file_taches.rejouer`` ou ``file_taches.abandonner``.
    :param travail_id: numéro du travail.
    :param acte: nom de l'acte dans le journal.
    :raises Introuvable: aucun travail mort ne porte ce numéro.
    """
    ent, contexte = instance(), contexte_courant()
    requete().base.commit()
    with ent.base.academie("travaux : agir sur un mort") as session:
        tache = agir(session, travail_id)
        consigner(
            session,
            ent.horloge,
            acte,
            acteur=contexte.personne_id,
            objet=str(travail_id),
            details={"tache": tache},
            reseau=request.remote_addr,
        )
