"""Les travaux différés : ce qui attend, ce qui est mort, le rejouer ou y renoncer."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.chargement.taches import tableau_des_taches, toutes_les_taches
from ent_core.donnees import file_taches
from ent_core.identite.journal import consigner
from ent_core.web.admin.pages import administration
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige

__all__ = ["abandonner", "rejouer", "taches"]


@administration.get("/travaux")
@exige("noyau.taches")
def taches() -> str:
    """La file, tâche par tâche, et les travaux morts."""
    ent = instance()
    toutes = toutes_les_taches(ent.chargement, ent.configuration, ent.horloge)
    # La connexion de la requête est rendue avant d'en prendre une autre : la réserve est petite.
    requete().base.commit()
    with ent.base.academie("travaux : état de la file") as session:
        lignes = tableau_des_taches(session, toutes, ent.horloge.maintenant())
        morts = file_taches.lister_morts(session)
    return render_template(
        "admin/taches.html", lignes=lignes, morts=morts, garde=file_taches.GARDE_MORTS.days
    )


@administration.post("/travaux/<int:travail_id>/rejouer")
@exige("noyau.taches")
def rejouer(travail_id: int) -> Response:
    """Remet un travail mort dans la file."""
    return _agir(file_taches.rejouer, travail_id, "travail.rejoue")


@administration.post("/travaux/<int:travail_id>/abandonner")
@exige("noyau.taches")
def abandonner(travail_id: int) -> Response:
    """Renonce à un travail mort."""
    return _agir(file_taches.abandonner, travail_id, "travail.abandonne")


def _agir(agir: Callable[[Session, int], str], travail_id: int, acte: str) -> Response:
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
    return redirect(url_for("admin.taches"), 303)
