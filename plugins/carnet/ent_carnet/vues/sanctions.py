"""Les pages des sanctions : la liste, le dossier, les étapes, la décision, l'exécution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from ent_core.brique import (
    DonneeInvalide,
    ErreurEnt,
    contexte_courant,
    exige,
    horloge_courante,
    nommer,
    peut,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from ent_carnet import libelles
from ent_carnet.nomenclatures import EtapeProcedure, Sanction, SuiteDemande
from ent_carnet.permissions import INSTRUIRE, SANCTIONNER, SANCTIONS
from ent_carnet.regles.effacement import bornes_du_sursis
from ent_carnet.regles.procedure import possibles
from ent_carnet.regles.recours import voies_de_recours
from ent_carnet.schemas.discipline import (
    ChoixEleve,
    EffacementSaisi,
    EtapeNotee,
    ExclusionSaisie,
    NotificationSaisie,
    OuvertureSaisie,
    PrononceSaisi,
)
from ent_carnet.services import demandes, effacement, procedure, sanctions
from ent_carnet.services.dossier import lit_les_dossiers
from ent_carnet.vues.choix_eleve import choisir
from ent_carnet.vues.discipline import onglets_discipline
from ent_carnet.vues.formulaires import filtres, lire, tenter
from ent_carnet.vues.pages import pages

__all__ = ["decision", "liste_des_sanctions", "ouvrir_procedure", "sanction"]

E_NOTIFIER, E_EXECUTER = EtapeProcedure.NOTIFICATION_DECISION, EtapeProcedure.EXECUTION


@pages.get("/sanctions")
@exige(SANCTIONS)
def liste_des_sanctions() -> str:
    contexte, portee = contexte_courant(), portee_courante()
    instruit = lit_les_dossiers(contexte)
    lues = sanctions.lister(session_courante(), contexte, portee, instruction=instruit)
    return render_template(
        "carnet/sanctions/liste.html", onglets=onglets_discipline("liste_des_sanctions"), sanctions=lues,
        libelles=libelles, instruit=instruit, peut_ouvrir=peut(INSTRUIRE),
    )  # fmt: skip


@pages.get("/sanctions/nouvelle")
@exige(INSTRUIRE)
def nouvelle_procedure() -> str:
    return _ouverture({}, None)


@pages.post("/sanctions/nouvelle")
@exige(INSTRUIRE)
def ouvrir_procedure() -> Response | tuple[str, int]:
    donnees, erreurs = lire(OuvertureSaisie())
    ouverte: list[UUID] = []
    refus = None
    if not erreurs:
        refus = tenter(lambda: ouverte.append(_ouvrir(donnees)))
    if erreurs or refus:
        return _ouverture(erreurs, refus), 422
    flash("La procédure est ouverte. Notifiez les faits à l'élève et à ses responsables.", "succes")
    return redirect(url_for(".sanction", sanction_id=ouverte[0]))


@pages.get("/sanctions/<uuid:sanction_id>")
@exige(SANCTIONS)
def sanction(sanction_id: UUID) -> str:
    if not lit_les_dossiers(contexte_courant()):
        lue = sanctions.trouver(session_courante(), contexte_courant(), portee_courante(), sanction_id)
        return render_template("carnet/sanctions/resume.html", lue=lue, libelles=libelles)
    return _dossier(sanction_id, {}, None)


@pages.post("/sanctions/<uuid:sanction_id>/etape")
@exige(INSTRUIRE)
def noter_etape(sanction_id: UUID) -> Response | tuple[str, int]:
    schema = EtapeNotee()

    def faire(d: dict[str, Any]) -> object:
        return procedure.noter(
            session_courante(), contexte_courant(), sanction_id, d["etape"], d["le"], voie=d["voie"],
            reunion=schema.reunion(d), pieces=schema.pieces(d),
        )  # fmt: skip

    return _acte(sanction_id, schema, faire, "L'étape est notée.")


@pages.post("/sanctions/<uuid:sanction_id>/notifier")
@exige(INSTRUIRE)
def notifier_decision(sanction_id: UUID) -> Response | tuple[str, int]:
    def faire(d: dict[str, Any]) -> object:
        instant = horloge_courante().maintenant()
        return sanctions.notifier(
            session_courante(), contexte_courant(), sanction_id, d["le"], d["voie"], instant
        )

    return _acte(
        sanction_id, NotificationSaisie(), faire, "La décision est notifiée. La famille peut la lire."
    )


@pages.post("/sanctions/<uuid:sanction_id>/executer")
@exige(INSTRUIRE)
def executer_sanction(sanction_id: UUID) -> Response | tuple[str, int]:
    def faire(d: dict[str, Any]) -> object:
        return sanctions.executer(
            session_courante(), contexte_courant(), sanction_id, du=d["du"], au=d["au"],
            instant=horloge_courante().maintenant(),
        )  # fmt: skip

    return _acte(sanction_id, ExclusionSaisie(), faire, "La sanction est exécutée.")


@pages.get("/sanctions/<uuid:sanction_id>/prononcer")
@exige(SANCTIONNER)
def decision(sanction_id: UUID) -> str:
    return _decision(sanction_id, {}, None)


@pages.post("/sanctions/<uuid:sanction_id>/prononcer")
@exige(SANCTIONNER, reauthentification=True)
def prononcer_sanction(sanction_id: UUID) -> Response | tuple[str, int]:
    session, contexte, schema = session_courante(), contexte_courant(), PrononceSaisi()
    donnees, erreurs = lire(schema)
    refus = None
    if not erreurs:
        prononce = schema.prononce(donnees)
        refus = tenter(lambda: sanctions.prononcer(session, contexte, sanction_id, prononce))
    if erreurs or refus:
        return _decision(sanction_id, erreurs, refus), 422
    flash("La décision est prononcée. Notifiez-la avec ses voies de recours.", "succes")
    return redirect(url_for(".sanction", sanction_id=sanction_id))


@pages.post("/sanctions/<uuid:sanction_id>/interdire")
@exige(SANCTIONNER, reauthentification=True)
def interdire_acces(sanction_id: UUID) -> Response | tuple[str, int]:
    def faire(d: dict[str, Any]) -> object:
        if d["du"] is None or d["au"] is None:
            raise DonneeInvalide(
                "une interdiction d'accès a un premier et un dernier jour.", remede="les donner."
            )
        return procedure.interdire(
            session_courante(), contexte_courant(), sanction_id, d["du"], d["au"],
            horloge_courante().maintenant(),
        )  # fmt: skip

    return _acte(sanction_id, ExclusionSaisie(), faire, "L'accès est interdit à titre conservatoire.")


@pages.post("/sanctions/<uuid:sanction_id>/interdictions/<uuid:interdiction_id>/lever")
@exige(SANCTIONNER)
def lever_interdiction(sanction_id: UUID, interdiction_id: UUID) -> Response:
    procedure.lever(session_courante(), contexte_courant(), interdiction_id, horloge_courante().maintenant())
    return redirect(url_for(".sanction", sanction_id=sanction_id))


@pages.post("/sanctions/<uuid:sanction_id>/effacer")
@exige(SANCTIONNER)
def effacer_sanction(sanction_id: UUID) -> Response | tuple[str, int]:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    dossier = sanctions.du_dossier(session, contexte, portee, sanction_id)
    _, erreurs = lire(EffacementSaisi())
    refus = None if erreurs else tenter(lambda: effacement.demander(session, contexte, dossier.sanction))
    if erreurs or refus:
        return _dossier(sanction_id, erreurs, refus), 422 if erreurs else 409
    flash("La sanction est effacée du dossier, à la demande de la famille.", "succes")
    return redirect(url_for(".liste_des_sanctions"))


def _acte(
    sanction_id: UUID, schema: Schema, faire: Callable[[dict[str, Any]], object], dit: str
) -> Response | tuple[str, int]:
    donnees, erreurs = lire(schema)
    refus = None if erreurs else tenter(lambda: faire(donnees))
    if erreurs or refus:
        return _dossier(sanction_id, erreurs, refus), 422
    flash(dit, "succes")
    return redirect(url_for(".sanction", sanction_id=sanction_id))


def _ouvrir(donnees: dict[str, Any]) -> UUID:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    demande_id = donnees.pop("demande")
    ouverte = procedure.ouvrir(session, contexte, portee, eleve_id=donnees.pop("eleve"), **donnees)
    if demande_id is not None:
        demandes.suivre(session, contexte, demande_id, SuiteDemande.ENGAGEE)
    return ouverte.id


def _ouverture(erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    contexte = contexte_courant()
    demande_id = request.form.get("demande", type=UUID) or filtres(ChoixEleve())["demande"]
    demande = demandes.trouver(session_courante(), contexte, demande_id) if demande_id else None
    return render_template(
        "carnet/sanctions/nouvelle.html",
        **choisir(demande.eleve_id if demande else None).champs, demande=demande,
        saisie=request.form, erreurs=erreurs, refus=refus, libelles=libelles, jour=contexte.jour,
    )  # fmt: skip


def _dossier(sanction_id: UUID, erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    dossier = sanctions.du_dossier(session, contexte, portee, sanction_id)
    ici = possibles(dossier.procedure, contexte.jour)
    s, instruit, chef = dossier.sanction, peut(INSTRUIRE), peut(SANCTIONNER)
    qui = [s.eleve_id, s.prononcee_par, *(etape.auteur_id for etape in dossier.etapes)]
    return render_template(
        "carnet/sanctions/dossier.html",
        s=s, dossier=dossier, etapes=dossier.etapes,
        noms=nommer(session, [un for un in qui if un]), libelles=libelles,
        a_noter=[(e, libelles.ETAPES[e]) for e in ici if e in procedure.INSTRUCTION] if instruit else [],
        peut_notifier=instruit and E_NOTIFIER in ici, peut_executer=instruit and E_EXECUTER in ici,
        peut_prononcer=chef and EtapeProcedure.PRONONCE in ici, chef=chef, instruit=instruit,
        interdictions=procedure.interdictions(session, contexte, s.eleve_id),
        recours=voies_de_recours(par_conseil=s.par_conseil) if s.prononcee_le else (),
        saisie=request.form, erreurs=erreurs, refus=refus, jour=contexte.jour, echelle=Sanction,
    )  # fmt: skip


def _decision(sanction_id: UUID, erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    dossier = sanctions.du_dossier(session, contexte, portee, sanction_id)
    fin = effacement.calendrier(session, contexte.uai)
    bornes = bornes_du_sursis(Sanction.MESURE_DE_RESPONSABILISATION, contexte.jour, fin)
    return render_template(
        "carnet/sanctions/decision.html",
        s=dossier.sanction, eleve=nommer(session, [dossier.sanction.eleve_id]).get(dossier.sanction.eleve_id),
        sursis=sanctions.sursis_en_cours(session, contexte, dossier), bornes=bornes,
        saisie=request.form, erreurs=erreurs, refus=refus, libelles=libelles, jour=contexte.jour,
    )  # fmt: skip
