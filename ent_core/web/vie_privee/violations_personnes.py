"""Qui est touché par une violation : compter dans les traces, puis écrire à chacun."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.chargement.violations import cle_des_comptages
from ent_core.identite.comptes import normaliser_identifiant
from ent_core.identite.modeles import Compte, Etablissement
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.vie_privee.publication import reponses
from ent_core.vie_privee.violations import tenue
from ent_core.vie_privee.violations.atteintes import GROUPES, JOURNAUX, Recherche
from ent_core.vie_privee.violations.comptages import compter_et_retenir, derniere_recherche, lire_la_liste
from ent_core.vie_privee.violations.etapes import numero
from ent_core.vie_privee.violations.lettres import lettres
from ent_core.web.admin.pages import ReponsePage, de_l_academie, lire, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.ici import portee
from ent_core.web.vie_privee.violations import PERMISSION, violations
from ent_core.web.vie_privee.violations_saisies import SaisieComptage, SaisieListe

__all__: list[str] = []

_PAR_PAGE = 200


@violations.get("/<uuid:violation_id>/personnes", endpoint="personnes")
@exige(PERMISSION)
def page_personnes(violation_id: UUID) -> str:
    """Ce que le dernier comptage a trouvé, et de quoi en faire un autre."""
    return _page(violation_id, {})


@violations.post("/<uuid:violation_id>/personnes")
@exige(PERMISSION)
def compter(violation_id: UUID) -> ReponsePage:
    """Compte, et retient le nombre et l'empreinte, non la liste."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        ent = instance()
        with portee("compter les personnes touchées par une violation") as (session, uai):
            violation = tenue.trouver(session, uai, violation_id)
            trouve = compter_et_retenir(
                session, ent.horloge, violation, _recherche(session, saisie, uai or violation.uai),
                cle_des_comptages(ent.configuration), contexte_courant().personne_id,
            )  # fmt: skip
        flash(f"{trouve.personnes} personne(s) au moins, d'après les traces.", "succes")
        return redirect(url_for("vie_privee_violations.personnes", violation_id=violation_id), 303)

    return traiter(SaisieComptage(), agir, lambda erreurs: _page(violation_id, erreurs))


@violations.get("/<uuid:violation_id>/lettres", endpoint="lettres")
@exige(PERMISSION)
def page_lettres(violation_id: UUID) -> str:
    """Les lettres à imprimer, et sur demande la liste de ceux à qui les adresser."""
    voulu, contexte = lire(SaisieListe()), contexte_courant()
    with portee("préparer les lettres d'une violation") as (session, uai):
        violation = tenue.trouver(session, uai, violation_id)
        dernier = derniere_recherche(session, violation)
        trouvees = []
        if dernier and voulu["liste"]:
            trouvees = lire_la_liste(
                session, instance().horloge, violation, dernier[0], contexte.personne_id,
                limite=_PAR_PAGE, page=voulu["page"],
            )  # fmt: skip
        repondu = reponses.lire(session, violation.uai, contexte.jour, contexte.annee)
        ecole = session.get(Etablissement, violation.uai) if violation.uai else None
    nom = repondu.responsable or (ecole.nom if ecole else instance().configuration.academie)
    delegue = "délégué à la protection des données de l'académie"
    chez = "l'établissement" if ecole else "l'académie"
    if repondu.delegue_contact:
        delegue = f"délégué ({repondu.delegue_contact})"
    return render_template(
        "vie_privee/violation_lettres.html",
        v=violation,
        numero=numero(violation),
        expediteur=nom,
        lettres=lettres(violation, f"{chez} ou au {delegue}", frozenset()),
        compte=dernier[1] if dernier else None,
        liste=voulu["liste"],
        personnes=trouvees[:_PAR_PAGE],
        suite=len(trouvees) > _PAR_PAGE,
        page=voulu["page"],
        groupes=GROUPES,
    )


def _page(violation_id: UUID, erreurs: dict[str, str]) -> str:
    with portee("compter les personnes touchées par une violation") as (session, uai):
        violation = tenue.trouver(session, uai, violation_id)
        dernier = derniere_recherche(session, violation)
    fin = violation.fin or instance().horloge.maintenant()
    proposee = {
        "du": _pendule(violation.debut or violation.connue_le), "au": _pendule(fin),
        "journaux": list(JOURNAUX), "traitement": (violation.traitements or [""])[0],
    }  # fmt: skip
    if erreurs:
        proposee = {**request.form.to_dict(), "journaux": request.form.getlist("journaux")}
    traitements = instance().registre.traitements.values()
    return render_template(
        "vie_privee/violation_personnes.html",
        v=violation,
        numero=numero(violation),
        dernier=dernier[1] if dernier else None,
        saisie=proposee,
        journaux=list(JOURNAUX.items()),
        traitements=sorted(((t.cle, t.intitule) for t in traitements), key=lambda choix: choix[1]),
        academie=de_l_academie(),
        erreurs=erreurs,
    )


def _recherche(session: Session, saisie: dict[str, Any], uai: str | None) -> Recherche:
    """Ce que l'on cherche ; un établissement ne cherche que chez lui, et jamais par compte (SURV-01)."""
    compte = None
    if saisie["compte"] and de_l_academie():
        compte = session.scalar(
            select(Compte.personne_id).where(Compte.identifiant == normaliser_identifiant(saisie["compte"]))
        )
        if compte is None:
            raise DonneeInvalide("ce compte n'existe pas.", remede="donner l'identifiant de connexion.")
    return Recherche(
        du=saisie["du"], au=saisie["au"], uai=uai or saisie["uai"], traitement=saisie["traitement"],
        compte=compte, journaux=frozenset(saisie["journaux"]),
    )  # fmt: skip


def _pendule(instant: Any) -> str:
    return str(instant.astimezone(FUSEAU).strftime("%Y-%m-%dT%H:%M"))
