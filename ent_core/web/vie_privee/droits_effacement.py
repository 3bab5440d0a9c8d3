"""L'effacement au guichet : voir ce qui part et ce qui reste, proposer, faire confirmer ; la lettre."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.identite.lectures import nommer
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable
from ent_core.vie_privee.droits import demandes, propositions
from ent_core.vie_privee.droits.avis import RECOURS
from ent_core.vie_privee.droits.modeles import Demande, EffacementPropose
from ent_core.vie_privee.droits.verdict import Fondement, Verdict, examiner
from ent_core.vie_privee.registre import Registre
from ent_core.web.admin.pages import ReponsePage, de_l_academie, lire, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import academie, fiche, guichet
from ent_core.web.vie_privee.droits_saisies import SaisieConfirmation, SaisieEffacement

__all__ = ["FONDEMENTS", "effacements"]

effacements = Blueprint("vie_privee_effacements", __name__, url_prefix="/vie-privee/effacements")
"""Pages de l'effacement à deux."""

PERMISSION = "noyau.effacement"

FONDEMENTS: dict[str, str] = {
    Fondement.CONSENTEMENT: "Elle retire son accord",
    Fondement.OPPOSITION: "Son opposition est accueillie",
    Fondement.ILLICITE: "Ces données n'auraient pas dû être enregistrées",
    Fondement.OBLIGATION: "Une obligation légale impose de les effacer",
}
"""Fondement → ce qu'il veut dire (RGPD, article 17.1)."""


@effacements.get("/", endpoint="liste")
@exige(PERMISSION)
def page_liste() -> str:
    with academie("voir les effacements proposés") as session:
        proposees = propositions.proposees(session, None if de_l_academie() else contexte_courant().uai)
        lignes = [(p, fiche(d, contexte_courant().jour)) for p, d in proposees]
        noms = nommer(session, {p.propose_par for p, _ in proposees if p.propose_par})
    return render_template(
        "vie_privee/effacements.html", lignes=lignes, noms=noms, fondements=FONDEMENTS,
        moi=contexte_courant().personne_id, academie=de_l_academie(),
    )  # fmt: skip


@effacements.get("/<uai>/<uuid:demande_id>", endpoint="effacer")
@exige(PERMISSION)
def page_effacer(uai: str, demande_id: UUID) -> str:
    return _page(uai, demande_id, lire(SaisieEffacement()), {})


@effacements.post("/<uai>/<uuid:demande_id>")
@exige(PERMISSION, reauthentification=True)
def proposer(uai: str, demande_id: UUID) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        _borner(saisie["partout"])
        if saisie["fondement"] is None:
            raise DonneeInvalide("le fondement manque.", remede="choisir pourquoi effacer.")
        ent = instance()
        with academie("proposer un effacement") as session:
            demande = _trouver(session, uai, demande_id)
            propositions.proposer(
                session, ent.horloge, _registre(session), demande, Fondement(saisie["fondement"]),
                relue=saisie["relue"], par=_moi(), partout=saisie["partout"],
                traitements=[demande.traitement] if demande.traitement else [],
            )  # fmt: skip
        flash("L'effacement est proposé. Rien n'est effacé : une autre personne doit le confirmer.", "succes")
        return redirect(url_for("vie_privee_effacements.effacer", uai=uai, demande_id=demande_id))

    schema = SaisieEffacement()
    return traiter(schema, agir, lambda erreurs: _page(uai, demande_id, dict(request.form), erreurs))


@effacements.post("/<uai>/<uuid:demande_id>/<uuid:proposition_id>/<any(confirmer,ecarter):acte>")
@exige(PERMISSION, reauthentification=True)
def trancher(uai: str, demande_id: UUID, proposition_id: UUID, acte: str) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        ent = instance()
        with academie("relire un effacement proposé") as session:
            _trouver(session, uai, demande_id)
            proposition = session.get(EffacementPropose, (uai, proposition_id))
            if proposition is None or proposition.demande_id != demande_id:
                raise Introuvable("cet effacement n'est pas proposé ici.", remede="revenir à la liste.")
            _borner(proposition.partout)
            if acte == "ecarter":
                propositions.ecarter(session, ent.horloge, uai, proposition_id, par=_moi())
        if acte == "confirmer":
            guichet().confirmer_effacement(ent.base, uai, proposition_id, relue=saisie["relue"], par=_moi())
            flash("C'est effacé, et inscrit au livre. Il reste à répondre à la demande.", "succes")
        else:
            flash("L'effacement est écarté. Rien n'est effacé.", "succes")
        return redirect(url_for("vie_privee_effacements.effacer", uai=uai, demande_id=demande_id))

    return traiter(SaisieConfirmation(), agir, lambda erreurs: _page(uai, demande_id, {}, erreurs))


@effacements.get("/<uai>/<uuid:demande_id>/lettre", endpoint="lettre")
@exige("noyau.droits")
def page_lettre(uai: str, demande_id: UUID) -> str:
    """La réponse à imprimer, pour qui n'a pas de compte ou la veut sur papier."""
    with academie("imprimer la réponse à une demande") as session:
        demande = _trouver(session, uai, demande_id)
        if demande.reponse is None or demande.close_le is None:
            raise Introuvable("cette demande n'a pas encore de réponse.", remede="répondre, ou refuser.")
        proposition = propositions.derniere(session, demande)
        verdicts = _verdicts(session, demande, proposition) if demande.droit in propositions.DROITS else []
        noms = nommer(session, {p for p in (demande.personne_id, demande.demandeur_id) if p})
        ecole = session.get(Etablissement, uai)
        dite = fiche(demande, contexte_courant().jour)
    gardes = [v for v in verdicts if not v.efface]
    return render_template(
        "vie_privee/demande_lettre.html", fiche=dite, noms=noms, ecole=ecole, gardes=gardes,
        faite=proposition is not None and proposition.etat == "fait",
        recours=RECOURS if gardes or dite.refus else "",
    )  # fmt: skip


def _page(uai: str, demande_id: UUID, saisie: dict[str, Any], erreurs: dict[str, str]) -> str:
    fondement = Fondement(saisie["fondement"]) if saisie.get("fondement") in FONDEMENTS else None
    partout = saisie.get("partout") in (True, "1", "true", "on") and de_l_academie()
    with academie("préparer un effacement") as session:
        demande = _trouver(session, uai, demande_id)
        proposition = propositions.derniere(session, demande)
        verdicts: list[Verdict] = []
        if proposition is not None and proposition.etat == "propose":
            verdicts = propositions.verdicts_de(session, _registre(session), demande, proposition)
        elif fondement is not None and demande.personne_id is not None and demande.close_le is None:
            verdicts = examiner(
                session, _registre(session), demande.personne_id, fondement,
                traitements=[demande.traitement] if demande.traitement else [],
                uai=None if partout else uai,
            )  # fmt: skip
        noms = nommer(
            session,
            {
                p
                for p in (
                    demande.personne_id, proposition and proposition.propose_par,
                    proposition and proposition.clos_par,
                )
                if p
            },
        )  # fmt: skip
        dite = fiche(demande, contexte_courant().jour)
    return render_template(
        "vie_privee/effacement.html", fiche=dite, noms=noms, proposition=proposition, verdicts=verdicts,
        relue=propositions.empreinte(verdicts), fondements=FONDEMENTS,
        fondement=fondement.value if fondement else "", partout=partout, academie=de_l_academie(),
        possible=demande.droit in propositions.DROITS and demande.close_le is None,
        moi=_moi(), erreurs=erreurs,
        instruit=instance().habilitations.autorise(contexte_courant(), "noyau.droits"),
    )  # fmt: skip


def _verdicts(session: Session, demande: Demande, proposition: EffacementPropose | None) -> list[Verdict]:
    """Ce qui est gardé, et pourquoi ; sans proposition, ce que la loi dit d'un accord retiré."""
    if demande.personne_id is None:
        return []
    if proposition is not None and proposition.etat == "fait":
        return propositions.verdicts_de(session, _registre(session), demande, proposition)
    return examiner(
        session, _registre(session), demande.personne_id, Fondement.CONSENTEMENT,
        traitements=[demande.traitement] if demande.traitement else [], uai=demande.uai,
    )  # fmt: skip


def _registre(session: Session) -> Registre:
    return guichet().registre_complet(session)


def _borner(partout: bool) -> None:
    if partout and not de_l_academie():
        raise AccesRefuse(
            "un effacement dans toute l'académie se décide à l'académie.",
            remede="le borner à votre établissement, ou transmettre la demande au délégué.",
        )


def _trouver(session: Session, uai: str, demande_id: UUID) -> Demande:
    if not de_l_academie() and uai != contexte_courant().uai:
        raise Introuvable("cette demande n'existe pas ici.", remede="revenir à la liste des demandes.")
    return demandes.trouver(session, uai, demande_id)


def _moi() -> UUID:
    return contexte_courant().personne_id
