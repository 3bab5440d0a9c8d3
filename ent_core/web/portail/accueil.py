"""L'accueil et le choix de l'établissement."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_PROFILS
from ent_core.federation.fiches import Fiche, autres_fiches, changer_de_fiche
from ent_core.identite import sessions
from ent_core.identite.contextes import ContextePossible, contextes_possibles
from ent_core.identite.lecture_session import SessionReconnue
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
    possibles, autres = _possibles(), _autres_fiches()
    if len(possibles) == 1 and not autres and requete().contexte is None:
        return _choisir(possibles[0].uai, possibles[0].profil)
    choix = [_choix(p) for p in possibles]
    choix += [_choix(p, fiche.personne_id) for fiche in autres for p in fiche.contextes]
    return render_template("choisir_contexte.html", contextes=choix)


@portail.post("/etablissement")
@connecte()
def choisir_contexte() -> Response:
    uai, _, titre = request.form.get("contexte", "").partition(":")
    profil, _, fiche = titre.partition(":")
    if not profil:
        raise DonneeInvalide("aucun établissement n'est choisi.", remede="choisir dans la liste.")
    if fiche:
        _changer_de_fiche(fiche)
    return _choisir(uai, profil)


def _changer_de_fiche(voulue: str) -> None:
    reconnue = _reconnue()
    try:
        personne = UUID(voulue)
    except ValueError as erreur:
        raise DonneeInvalide("cette fiche n'existe pas.", remede="choisir dans la liste.") from erreur
    changer_de_fiche(session_courante(), instance().horloge, reconnue.id, reconnue.personne_id, personne)


def _autres_fiches() -> list[Fiche]:
    reconnue = _reconnue()
    if not reconnue.autres_fiches or reconnue.support is not None:
        return []
    return autres_fiches(session_courante(), instance().horloge, reconnue.id, reconnue.personne_id)


def _choisir(uai: str, profil: str) -> Response:
    jeton = sessions.choisir_contexte(
        session_courante(), instance().horloge, request.cookies[temoin()], uai, profil
    )
    return poser_temoin(redirect(suite_locale(request.values.get("suite"))), jeton)


def _possibles() -> list[ContextePossible]:
    personne = _reconnue().personne_id
    return contextes_possibles(session_courante(), personne, instance().horloge.aujourd_hui())


def _reconnue() -> SessionReconnue:
    reconnue = requete().reconnue
    assert reconnue is not None  # noqa: S101 - garanti par @connecte
    return reconnue


def _choix(possible: ContextePossible, fiche: UUID | None = None) -> ChoixContexte:
    courant = requete().contexte
    ici = courant is not None and (courant.uai, courant.profil) == (possible.uai, possible.profil)
    return ChoixContexte(
        f"{possible.uai}:{possible.profil}{f':{fiche}' if fiche else ''}",
        possible.etablissement_nom,
        LIBELLES_PROFILS.get(possible.profil, possible.profil),
        ici and fiche is None,
    )
