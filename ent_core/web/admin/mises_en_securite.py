"""Suivre une mise en sécurité en nombre, la relancer, imprimer ensuite les lettres."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.identite import mises_en_securite
from ent_core.identite.codes import emettre_codes
from ent_core.identite.modeles import Etablissement
from ent_core.roles.locaux import hors_de_portee
from ent_core.socle.erreurs import OperationRefusee
from ent_core.web.admin.codes import rendre_lettres
from ent_core.web.admin.pages import ReponsePage, administration, ecole
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige

__all__: list[str] = []

_PERMISSION = "noyau.comptes"
_ADRESSE = "/comptes/<uai>/securite/<uuid:lot>"


@administration.get(_ADRESSE, endpoint="mise_en_securite")
@exige(_PERMISSION)
def page_mise_en_securite(uai: str, lot: UUID) -> str:
    """La page entière, ou son seul avancement pour qui la relit toutes les deux secondes."""
    with ecole("suivre une mise en sécurité", uai) as (session, ici):
        suivi = mises_en_securite.suivre(session, ici, lot)
        etablissement = session.get_one(Etablissement, ici)
        fragment = request.headers.get("HX-Request") == "true" and suivi.finie_le is None
        page = "admin/securite_avancement.html" if fragment else "admin/securite_suivi.html"
        return render_template(page, suivi=suivi, etablissement=etablissement)


@administration.post(f"{_ADRESSE}/relancer")
@exige(_PERMISSION, reauthentification=True)
def relancer_mise_en_securite(uai: str, lot: UUID) -> Response:
    """Redemande le travail ; il reprend où il en était."""
    with ecole("relancer une mise en sécurité", uai) as (session, ici):
        mises_en_securite.suivre(session, ici, lot)
        mises_en_securite.lancer(session, ici, lot, contexte_courant().personne_id)
    flash("Le travail est redemandé. Il reprend où il en était.", "succes")
    return redirect(url_for("admin.mise_en_securite", uai=uai, lot=lot), 303)


@administration.post(f"{_ADRESSE}/lettres")
@exige(_PERMISSION, reauthentification=True)
def lettres_mise_en_securite(uai: str, lot: UUID) -> ReponsePage:
    """Les lettres de ces comptes, et d'eux seuls ; jamais de ceux qui ont plus de droits que l'acteur."""
    contexte, ent = contexte_courant(), instance()
    requete().base.commit()
    with ent.base.academie("vérifier les droits des comptes avant d'agir") as academie:
        sauf = hors_de_portee(academie, contexte, contexte.jour)
    with ecole("lettres d'une mise en sécurité", uai) as (session, ici):
        mises_en_securite.suivre(session, ici, lot)
        voulues = set(mises_en_securite.personnes(session, ici, lot)) - set(sauf)
        acteur = contexte.personne_id
        fiches = list(emettre_codes(session, ent.horloge, ent.coffre, ici, personnes=voulues, acteur=acteur))
        if not fiches:
            raise OperationRefusee(
                "aucun de ces comptes n'attend de code.", remede="regarder la fiche de chaque personne."
            )
        return rendre_lettres(
            session, ici, fiches, pour="comptes mis en sécurité", forme=request.form.get("forme", "pdf")
        )
