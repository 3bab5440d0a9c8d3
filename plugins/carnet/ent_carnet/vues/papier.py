"""Les pages du papier : feuilles d'appel, carnets de la semaine, pack de panne, lettre de présentation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from ent_core.brique import (
    Contexte,
    DonneeInvalide,
    EntreeMenu,
    annee_scolaire,
    consigner,
    contexte_courant,
    divisions,
    exige,
    expediteur,
    horloge_courante,
    imprimer,
    peut,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from ent_carnet.permissions import IMPRIMER
from ent_carnet.schemas.papier import Demande
from ent_carnet.services import (
    feuilles_appel,
    lettres_du_dossier,
    pack_de_panne,
    presentation,
    semaine_papier,
)
from ent_carnet.vues.pages import pages

__all__ = ["MENU", "papier"]

MENU = (EntreeMenu("carnet.papier", "Papier", IMPRIMER, ordre=180, icone="imprimer"),)


@pages.context_processor
def _pour_les_boutons() -> dict[str, Callable[[], bool]]:
    """« Imprimer la lettre » ne se montre qu'à qui le peut, sur toute page du carnet."""
    return {"peut_imprimer": partial(peut, IMPRIMER)}


@pages.get("/papier")
@exige(IMPRIMER)
def papier() -> str:
    contexte = contexte_courant()
    ouvertes = divisions(session_courante(), contexte.uai, contexte.annee)
    return render_template(
        "carnet/papier/accueil.html",
        jour=contexte.jour,
        prochain=pack_de_panne.premier_jour(contexte.jour),
        divisions=[(division.id, division.libelle) for division in ouvertes],
        jours_du_pack=pack_de_panne.JOURS,
    )


@pages.post("/papier/appel")
@exige(IMPRIMER)
def imprimer_appel() -> Response:
    session, contexte, demande = session_courante(), contexte_courant(), _demande()
    jour = demande["jour"]
    voulues = {demande["division"]} if demande["division"] else None
    lot = feuilles_appel.feuilles(session, contexte.uai, annee_scolaire(jour), jour, voulues)
    if not lot:
        return _rien("Aucune classe n'est ouverte cette année-là : il n'y a pas de feuille à imprimer.")
    contenu = feuilles_appel.donnees(lot, contexte.etablissement_nom, contexte.jour)
    return _pdf("ent_carnet/appel", contenu, f"appel_{jour}", len(lot))


@pages.post("/papier/semaine")
@exige(IMPRIMER)
def imprimer_semaine() -> Response:
    demande = _demande()
    imprimee = semaine_papier.semaine(
        session_courante(),
        contexte_courant(),
        demande["jour"],
        division_id=demande["division"],
        papier_seul=not demande["tous"],
    )
    if not imprimee.exemplaires:
        return _rien("Aucune famille n'a gardé le papier ici. Pour imprimer quand même, cochez « Toutes ».")
    contenu = semaine_papier.donnees(imprimee, contexte_courant().jour)
    return _pdf("ent_carnet/semaine", contenu, f"carnets_{imprimee.lundi}", len(imprimee.exemplaires))


@pages.post("/papier/presentation")
@exige(IMPRIMER)
def imprimer_presentation() -> Response:
    session, contexte, demande = session_courante(), contexte_courant(), _demande()
    document, nombre = presentation.lettres(session, contexte, demande["division"])
    if not nombre:
        return _rien("Aucune famille n'est connue dans cette classe : il n'y a pas de lettre à imprimer.")
    return _telecharger(contexte, document, "presentation_du_carnet.pdf", nombre)


@pages.post("/papier/panne")
@exige(IMPRIMER)
def telecharger_pack() -> Response:
    session, contexte, jour = session_courante(), contexte_courant(), _demande()["jour"]
    ecole = expediteur(session, contexte.uai)
    commun = {"etablissement": ecole, "etabli_le": contexte.jour}
    archive, nombre = pack_de_panne.composer(
        session,
        contexte.uai,
        annee_scolaire(jour),
        jour,
        etablissement=ecole.nom,
        etabli_le=contexte.jour,
        page=lambda une: render_template("carnet/papier/panne_division.html", division=une, **commun),
        sommaire=lambda toutes: render_template("carnet/papier/panne.html", divisions=toutes, **commun),
    )
    return _telecharger(contexte, archive, f"pack_de_panne_{jour}.zip", nombre)


@pages.post("/papier/punitions/<uuid:punition_id>")
@exige(IMPRIMER)
def imprimer_punition(punition_id: UUID) -> Response:
    contexte = contexte_courant()
    document = lettres_du_dossier.lettre_de_punition(session_courante(), contexte, punition_id)
    return _telecharger(contexte, document, "lettre_punition.pdf", 1)


@pages.post("/papier/sanctions/<uuid:sanction_id>")
@exige(IMPRIMER)
def imprimer_procedure(sanction_id: UUID) -> Response:
    contexte = contexte_courant()
    document = lettres_du_dossier.lettre_de_procedure(session_courante(), contexte, sanction_id)
    return _telecharger(contexte, document, "lettre_sanction.pdf", 1)


@pages.post("/papier/alertes/<uuid:alerte_id>")
@exige(IMPRIMER)
def imprimer_alerte(alerte_id: UUID) -> Response:
    contexte = contexte_courant()
    document = lettres_du_dossier.lettre_d_alerte(session_courante(), contexte, alerte_id)
    return _telecharger(contexte, document, "lettre_absences.pdf", 1)


def _demande() -> dict[str, Any]:
    try:
        lue: dict[str, Any] = Demande().load(request.form.to_dict())
    except ValidationError as refus:
        fautes = [message for messages in refus.messages_dict.values() for message in messages]
        raise DonneeInvalide(
            " ".join(fautes), remede="revenir à la page, corriger, et recommencer."
        ) from refus
    jour: date = lue["jour"] or contexte_courant().jour
    return lue | {"jour": jour}


def _pdf(modele: str, contenu: dict[str, object], nom: str, nombre: int) -> Response:
    return _telecharger(contexte_courant(), imprimer(modele, contenu), f"{nom}.pdf", nombre)


def _telecharger(contexte: Contexte, contenu: bytes, nom: str, nombre: int) -> Response:
    """Rend le document, et note qu'il est sorti : qui, quand, combien de feuilles ; aucun nom."""
    genre, _, extension = nom.rpartition(".")
    consigner(
        session_courante(),
        horloge_courante(),
        "papier.imprime",
        uai=contexte.uai,
        acteur=contexte.personne_id,
        objet=genre,
        details={"nombre": nombre},
    )
    reponse = Response(contenu, mimetype="application/zip" if extension == "zip" else "application/pdf")
    reponse.headers["Content-Disposition"] = f'attachment; filename="{nom}"'
    return reponse


def _rien(pourquoi: str) -> Response:
    flash(pourquoi, "info")
    return redirect(url_for(".papier"))
