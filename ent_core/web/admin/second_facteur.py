"""Qui doit avoir un second facteur dans l'établissement, et combien l'ont déjà."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from marshmallow import ValidationError, fields, validates_schema
from werkzeug.wrappers import Response

from ent_core.identite.facteurs import politique
from ent_core.web.admin.pages import ReponsePage, administration, traiter
from ent_core.web.admin.saisies import Saisie
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, horloge_courante, session_courante
from ent_core.web.routes import exige

__all__ = ["SaisieExigence"]

_PERMISSION = "noyau.second_facteur"


class SaisieExigence(Saisie):
    """Exiger, ou non, un second facteur des personnels."""

    exige = fields.Boolean(load_default=False)
    des_le = fields.Date(load_default=None)

    @validates_schema
    def un_jour_si_exige(self, donnees: dict[str, Any], **_options: Any) -> None:
        """Une exigence a un premier jour."""
        if donnees["exige"] and donnees["des_le"] is None:
            raise ValidationError("Donnez le premier jour.", "des_le")


@administration.get("/second-facteur", endpoint="second_facteur")
@exige(_PERMISSION)
def page_second_facteur() -> str:
    return _page({})


@administration.post("/second-facteur")
@exige(_PERMISSION, reauthentification=True)
def regler_second_facteur() -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> Response:
        contexte = contexte_courant()
        des_le = saisie["des_le"] if saisie["exige"] else None
        politique.regler(session_courante(), horloge_courante(), contexte.uai, des_le, contexte.personne_id)
        flash("C'est gardé.", "succes")
        return redirect(url_for("admin.second_facteur"), 303)

    return traiter(SaisieExigence(), agir, _page)


def _page(erreurs: dict[str, str]) -> str:
    session, contexte = session_courante(), contexte_courant()
    equipees, tous = politique.equipes(session, contexte.uai, contexte.jour)
    return render_template(
        "admin/second_facteur.html",
        des_le=politique.jour_de(session, contexte.uai),
        academie=instance().configuration.second_facteur.personnels_des_le,
        equipees=equipees,
        tous=tous,
        erreurs=erreurs,
    )
