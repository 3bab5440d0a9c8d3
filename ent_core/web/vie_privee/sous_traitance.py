"""Le registre du sous-traitant : ce que l'académie traite pour les chefs d'établissement, et ses exports."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from ent_core.identite.journal import consigner
from ent_core.socle.erreurs import AccesRefuse
from ent_core.vie_privee.publication.sous_traitance import FORMATS_SOUS_TRAITANT, RegistreSousTraitant
from ent_core.web.admin.pages import de_l_academie
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import academie
from ent_core.web.vie_privee.registre import publication

__all__ = ["sous_traitance"]

sous_traitance = Blueprint("vie_privee_sous_traitance", __name__, url_prefix="/vie-privee/sous-traitance")
"""Pages du registre du sous-traitant."""


@sous_traitance.get("/", endpoint="registre")
@exige("noyau.registre")
def page_registre() -> str:
    return render_template("vie_privee/sous_traitance.html", registre=_rediger(), formats=("csv", "json"))


@sous_traitance.get("/registre.<any(csv,json):format_>")
@exige("noyau.registre")
def telecharger(format_: str) -> Response:
    type_, ecrire = FORMATS_SOUS_TRAITANT[format_]
    registre = _rediger(format_)
    nom = f"registre-sous-traitant-{registre.jour:%Y%m%d}.{format_}"
    return Response(
        ecrire(registre), mimetype=type_, headers={"Content-Disposition": f"attachment; filename={nom}"}
    )


def _rediger(exporte: str = "") -> RegistreSousTraitant:
    if not de_l_academie():
        raise AccesRefuse(
            "ce registre est celui de l'académie, pour tous les établissements.",
            remede="lire le registre de votre établissement.",
        )
    contexte = contexte_courant()
    with academie("lire le registre du sous-traitant") as session:
        if exporte:
            consigner(
                session, instance().horloge, "registre.exporte", acteur=contexte.personne_id,
                details={"format": exporte, "article": "30.2"},
            )  # fmt: skip
        return publication().sous_traitance(session, contexte.jour)
