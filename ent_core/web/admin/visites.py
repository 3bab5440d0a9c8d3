"""L'assistance : demander à voir l'ENT comme une personne, et finir."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_PROFILS
from ent_core.donnees.session import changer_portage
from ent_core.identite import visites
from ent_core.identite.lecture_session import SessionReconnue
from ent_core.identite.modeles import Personne
from ent_core.messages.securite import prevenir_d_une_visite
from ent_core.socle.erreurs import AccesRefuse, Introuvable
from ent_core.web.admin.pages import ReponsePage, administration, traiter
from ent_core.web.admin.saisies import Saisie
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import changer_jeton, horloge_courante, requete, session_courante
from ent_core.web.routes import connecte, exige

__all__ = ["SaisieVisite"]

_PERMISSION = "noyau.support"


class SaisieVisite(Saisie):
    """Commencer une visite."""

    titre = fields.String(required=True, validate=validate.Regexp(r"[0-9A-Z]{8}:\w{1,12}\Z"))
    motif = fields.String(required=True, validate=validate.OneOf(list(visites.MOTIFS)))
    demande = fields.String(
        required=True,
        validate=validate.Regexp(
            r"[\w./#-]{1,40}\Z", error="Le numéro de la demande : des lettres, des chiffres, sans espace."
        ),
    )


@administration.get("/personnes/<uuid:personne_id>/assistance", endpoint="assistance")
@exige(_PERMISSION, reauthentification=True)
def page_assistance(personne_id: UUID) -> str:
    return _page(personne_id, {})


@administration.post("/personnes/<uuid:personne_id>/assistance")
@exige(_PERMISSION, reauthentification=True)
def commencer_visite(personne_id: UUID) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> Response:
        uai, _, profil = saisie["titre"].partition(":")
        agent, jeton = _agent(), requete().jeton
        requete().base.commit()
        with instance().base.academie("assistance : commencer une visite") as session:
            voulue = visites.cible(session, personne_id, horloge_courante().aujourd_hui())
            neuf = visites.ouvrir(
                session, horloge_courante(), agent, jeton, voulue, uai=uai, profil=profil,
                motif=saisie["motif"], demande=saisie["demande"],
            )  # fmt: skip
        _prevenir(session_courante(), uai, personne_id)
        changer_jeton(neuf)
        return redirect(url_for("ent.accueil"), 303)

    return traiter(SaisieVisite(), agir, lambda erreurs: _page(personne_id, erreurs))


@portail.post("/assistance/fin")
@connecte()
def finir_visite() -> Response:
    changer_jeton(visites.finir(session_courante(), horloge_courante(), requete().jeton))
    flash("La visite est finie. Vous agissez de nouveau sous votre nom.", "succes")
    return redirect(url_for("ent.accueil"))


def _prevenir(session: Session, uai: str, personne_id: UUID) -> None:
    """Dès le début, sans attendre une fin que l'agent oublierait : la personne, ses responsables, le chef."""
    avant = requete().reconnue
    changer_portage(session, uai=uai)
    prevenir_d_une_visite(session, personne_id)
    changer_portage(session, uai=(avant.uai if avant else None) or "")


def _page(personne_id: UUID, erreurs: dict[str, str]) -> str:
    _agent()
    requete().base.commit()
    with instance().base.academie("assistance : préparer une visite") as session:
        voulue = visites.cible(session, personne_id, horloge_courante().aujourd_hui())
        personne = session.get_one(Personne, personne_id)
        nom = f"{personne.prenom or ''} {personne.nom}".strip()
    titres = [(f"{u}:{p}", f"{LIBELLES_PROFILS.get(p, p)}, {ecole}") for u, p, ecole in voulue.titres]
    return render_template(
        "admin/assistance.html", personne_id=personne_id, nom=nom, titres=titres,
        motifs=list(visites.MOTIFS.items()), erreurs=erreurs,
    )  # fmt: skip


def _agent() -> SessionReconnue:
    """Session de l'agent, si l'assistance est ouverte et s'il a donné deux preuves."""
    if not instance().configuration.support.actif:
        raise Introuvable("l'assistance n'est pas ouverte dans cet ENT.", remede="l'ouvrir par [support].")
    reconnue = requete().reconnue
    if reconnue is None or reconnue.niveau < 2:
        raise AccesRefuse(
            "cet acte demande un second facteur.", remede="en ajouter un dans « Mon compte », puis revenir."
        )
    return reconnue
