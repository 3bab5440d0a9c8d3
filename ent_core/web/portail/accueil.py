"""L'accueil et le choix de l'établissement."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_PROFILS
from ent_core.identite import sessions
from ent_core.identite.contextes import ContextePossible, contextes_possibles
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.web import navigation
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import poser_temoin, requete, session_courante, temoin
from ent_core.web.routes import connecte
from ent_core.web.suite import suite_locale

__all__ = ["ChoixContexte"]


@dataclass(frozen=True, slots=True)
class ChoixContexte:
    """Un titre que la personne peut choisir."""

    cle: str
    etablissement_nom: str
    profil_libelle: str
    actif: bool


@portail.get("/")
@connecte()
def accueil() -> str | Response:
    contexte = requete().contexte
    if contexte is None:
        return redirect(url_for("ent.contexte"))
    vignettes = navigation.tableau_de_bord(instance(), session_courante(), contexte)
    reconnue = requete().reconnue
    salut = f"Bonjour {reconnue.prenom}" if reconnue and reconnue.prenom else "Bonjour"
    return render_template("accueil.html", vignettes=vignettes, sujet=salut)


@portail.get("/etablissement")
@connecte()
def contexte() -> str | Response:
    possibles = _possibles()
    if len(possibles) == 1 and requete().contexte is None:
        return _choisir(possibles[0].uai, possibles[0].profil)
    return render_template("choisir_contexte.html", contextes=[_choix(p) for p in possibles])


@portail.post("/etablissement")
@connecte()
def choisir_contexte() -> Response:
    uai, _, profil = request.form.get("contexte", "").partition(":")
    if not profil:
        raise DonneeInvalide("aucun établissement n'est choisi.", remede="choisir dans la liste.")
    return _choisir(uai, profil)


def _choisir(uai: str, profil: str) -> Response:
    jeton = sessions.choisir_contexte(
        session_courante(), instance().horloge, request.cookies[temoin()], uai, profil
    )
    return poser_temoin(redirect(suite_locale(request.values.get("suite"))), jeton)


def _possibles() -> list[ContextePossible]:
    reconnue = requete().reconnue
    assert reconnue is not None  # noqa: S101 - garanti par @connecte
    return contextes_possibles(session_courante(), reconnue.personne_id, instance().horloge.aujourd_hui())


def _choix(possible: ContextePossible) -> ChoixContexte:
    courant = requete().contexte
    return ChoixContexte(
        f"{possible.uai}:{possible.profil}",
        possible.etablissement_nom,
        LIBELLES_PROFILS.get(possible.profil, possible.profil),
        courant is not None and (courant.uai, courant.profil) == (possible.uai, possible.profil),
    )
