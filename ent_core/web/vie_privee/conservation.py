"""La conservation : relire un plan, l'approuver ou l'annuler, reporter, geler, viser, lire les preuves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.chargement.absentes import regles_completes
from ent_core.chargement.conservation import PERMISSION, tetes_de
from ent_core.identite import annuaire
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.conservation import approbation, bordereau, gels, preuve
from ent_core.vie_privee.conservation.dossier import Dossier, EtatPlan, ouvrir, plans
from ent_core.vie_privee.conservation.exemples import exemples
from ent_core.vie_privee.conservation.modeles import LigneConservation
from ent_core.vie_privee.conservation.plan import comparer, lignes, planifier, precedent
from ent_core.web.admin.pages import ReponsePage, lire, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.conservation_saisies import (
    TRIS,
    SaisieApprobation,
    SaisieGel,
    SaisieMotif,
    SaisieReport,
    SaisieTri,
    SaisieVisa,
)
from ent_core.web.vie_privee.ici import intitules, noms_de, personne_d_ici, portee

__all__ = ["conservation"]

conservation = Blueprint("vie_privee_conservation", __name__, url_prefix="/vie-privee/conservation")
"""Pages de la conservation."""

_TONS = {
    EtatPlan.PROPOSE: "a_faire", EtatPlan.APPROUVE: "info", EtatPlan.EN_COURS: "info",
    EtatPlan.EXECUTE: "succes", EtatPlan.EXPIRE: "neutre", EtatPlan.ANNULE: "neutre",
    EtatPlan.EN_ECART: "refus",
}  # fmt: skip
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_MODIFIABLES = (EtatPlan.PROPOSE, EtatPlan.APPROUVE, EtatPlan.EN_COURS, EtatPlan.EXPIRE)


@conservation.get("/", endpoint="liste")
@exige(PERMISSION)
def page_plans() -> str:
    """Les plans, et ce qui demande un regard."""
    horloge = instance().horloge
    with portee("conservation : voir les plans") as (session, uai):
        dossiers = [ouvrir(session, horloge, plan.id, uai) for plan in plans(session, uai)]
        a_revoir = [g for g in gels.lister(session, uai) if g.revoir_le <= horloge.aujourd_hui()]
        return render_template(
            "vie_privee/conservation.html", dossiers=dossiers, tons=_TONS, a_revoir=a_revoir,
            anomalies=regles_completes(session, instance().chargement).anomalies(),
        )  # fmt: skip


@conservation.post("/", endpoint="planifier")
@exige(PERMISSION)
def nouveau_plan() -> ReponseWerkzeug:
    """Établit un plan."""
    with portee("conservation : planifier") as (session, uai):
        regles = regles_completes(session, instance().chargement)
        plan = planifier(session, instance().horloge, regles, uai=uai, par=contexte_courant().personne_id)
    flash("Le plan est établi. Rien n'est éliminé.", "succes")
    return redirect(url_for("vie_privee_conservation.plan", plan_id=plan.id), 303)


@conservation.get("/plans/<uuid:plan_id>", endpoint="plan")
@exige(PERMISSION)
def page_plan(plan_id: UUID) -> str:
    """Un plan, à relire."""
    return _page_plan(plan_id, {})


@conservation.post("/plans/<uuid:plan_id>/approuver")
@exige(PERMISSION, reauthentification=True)
def approuver(plan_id: UUID) -> ReponsePage:
    """Approuve le plan relu."""

    def agir(session: Session, uai: str | None, saisie: dict[str, Any]) -> None:
        approbation.approuver(
            session, instance().horloge, regles_completes(session, instance().chargement), plan_id,
            couvre=saisie["empreinte"], par=contexte_courant().personne_id, uai=uai,
        )  # fmt: skip

    return _agir(plan_id, SaisieApprobation(), agir, "Le plan est approuvé. Le préavis court.")


@conservation.post("/plans/<uuid:plan_id>/annuler")
@exige(PERMISSION)
def annuler(plan_id: UUID) -> ReponsePage:
    """Annule le plan."""

    def agir(session: Session, uai: str | None, saisie: dict[str, Any]) -> None:
        approbation.annuler(
            session, instance().horloge, plan_id, par=contexte_courant().personne_id, uai=uai, **saisie
        )

    return _agir(plan_id, SaisieMotif(), agir, "Le plan est annulé. Rien de plus ne sera éliminé.")


@conservation.post("/plans/<uuid:plan_id>/visa")
@exige(PERMISSION, envoi=approbation.FICHIER_MAXIMAL + 64 * 1024)
def viser(plan_id: UUID) -> ReponsePage:
    """Enregistre le visa des archives."""

    def agir(session: Session, uai: str | None, saisie: dict[str, Any]) -> None:
        recu = request.files.get("fichier")
        approbation.viser(
            session, instance().horloge, plan_id, par=contexte_courant().personne_id, uai=uai,
            nom_fichier=(recu.filename or "") if recu else "", fichier=recu.read() if recu else b"", **saisie,
        )  # fmt: skip

    return _agir(plan_id, SaisieVisa(), agir, "Le visa est enregistré.")


@conservation.get("/plans/<uuid:plan_id>/lignes/<int:rang>", endpoint="ligne")
@exige(PERMISSION)
def page_ligne(plan_id: UUID, rang: int) -> str:
    """Une ligne du plan : des exemples, et de quoi la reporter."""
    return _page_ligne(plan_id, rang, {})


@conservation.post("/plans/<uuid:plan_id>/lignes/<int:rang>")
@exige(PERMISSION)
def reporter(plan_id: UUID, rang: int) -> ReponsePage:
    """Ôte une ligne du plan jusqu'à un jour."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with portee("conservation : reporter") as (session, uai):
            approbation.reporter(
                session, instance().horloge, plan_id, rang, par=contexte_courant().personne_id, uai=uai,
                **saisie,
            )  # fmt: skip
        flash("La ligne est reportée.", "succes")
        return redirect(url_for("vie_privee_conservation.plan", plan_id=plan_id), 303)

    return traiter(SaisieReport(), agir, lambda erreurs: _page_ligne(plan_id, rang, erreurs))


@conservation.get("/plans/<uuid:plan_id>.csv", endpoint="csv")
@exige(PERMISSION)
def exporter(plan_id: UUID) -> Response:
    """Le plan, pour un tableur."""
    with portee("conservation : exporter un plan") as (session, uai):
        contenu = bordereau.plan_en_csv(ouvrir(session, instance().horloge, plan_id, uai))
    return _fichier(contenu, "text/csv", f"plan-{plan_id}.csv")


@conservation.get("/plans/<uuid:plan_id>.ods", endpoint="ods")
@exige(PERMISSION)
def exporter_en_classeur(plan_id: UUID) -> Response:
    """Le plan, en classeur."""
    with portee("conservation : exporter un plan") as (session, uai):
        contenu = bordereau.plan_en_ods(ouvrir(session, instance().horloge, plan_id, uai))
    return _fichier(contenu, _ODS, f"plan-{plan_id}.ods")


@conservation.get("/plans/<uuid:plan_id>/bordereau", endpoint="bordereau")
@exige(PERMISSION)
def page_bordereau(plan_id: UUID) -> str:
    """Le bordereau d'élimination, à imprimer et à faire viser."""
    dossier, articles = _articles(plan_id)
    return render_template(
        "vie_privee/conservation_bordereau.html",
        dossier=dossier,
        articles=articles,
        entetes=bordereau.ENTETES,
    )


@conservation.get("/plans/<uuid:plan_id>/bordereau.ods", endpoint="bordereau_ods")
@exige(PERMISSION)
def exporter_bordereau(plan_id: UUID) -> Response:
    """Le bordereau, en classeur."""
    _, articles = _articles(plan_id)
    return _fichier(bordereau.en_ods(articles), _ODS, f"bordereau-{plan_id}.ods")


@conservation.get("/preuves", endpoint="preuves")
@exige(PERMISSION)
def page_preuves() -> str:
    """Ce qui a été éliminé, et si la chaîne tient."""
    with portee("conservation : lire les preuves") as (session, uai):
        entrees = preuve.lister(session, uai=uai)
        anomalies = preuve.verifier(session, tetes_de(instance().configuration).lire())
        tete = preuve.tete(session)
        return render_template(
            "vie_privee/conservation_preuves.html", entrees=entrees, anomalies=anomalies, tete=tete
        )


@conservation.get("/gels", endpoint="gels")
@exige(PERMISSION)
def page_gels() -> str:
    """Les gels, et de quoi chercher une personne."""
    q, contexte = lire(SaisieTri())["q"], contexte_courant()
    with portee("conservation : voir les gels") as (session, uai):
        trouvees = (
            annuaire.chercher(session, q, uai=uai, jour=contexte.jour, annee=contexte.annee).personnes
            if q
            else ()
        )
        leves = gels.lister(session, uai, leves=True)
        noms = noms_de(session, {g.personne_id for g in leves})
        return render_template(
            "vie_privee/conservation_gels.html", gels=leves, noms=noms, trouvees=trouvees, q=q
        )


@conservation.get("/gels/<uuid:personne_id>", endpoint="geler")
@exige(PERMISSION)
def page_geler(personne_id: UUID) -> str:
    """Le formulaire d'un gel."""
    return _page_geler(personne_id, {})


@conservation.post("/gels/<uuid:personne_id>")
@exige(PERMISSION)
def poser_gel(personne_id: UUID) -> ReponsePage:
    """Pose un gel."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with portee("conservation : poser un gel") as (session, uai):
            personne_d_ici(session, personne_id, uai, "des gels")
            gels.poser(
                session,
                instance().horloge,
                personne_id,
                uai=uai,
                par=contexte_courant().personne_id,
                **saisie,
            )
        flash("Le gel est posé. Rien de ce qui la concerne ne sera éliminé.", "succes")
        return redirect(url_for("vie_privee_conservation.gels"), 303)

    return traiter(SaisieGel(), agir, lambda erreurs: _page_geler(personne_id, erreurs))


@conservation.post("/gels/<uuid:gel_id>/lever")
@exige(PERMISSION)
def lever_gel(gel_id: UUID) -> ReponseWerkzeug:
    """Lève un gel."""
    with portee("conservation : lever un gel") as (session, uai):
        gels.lever(session, instance().horloge, gel_id, par=contexte_courant().personne_id, uai=uai)
    flash("Le gel est levé.", "succes")
    return redirect(url_for("vie_privee_conservation.gels"), 303)


def _agir(
    plan_id: UUID, schema: Any, faire: Callable[[Session, str | None, dict[str, Any]], None], dit: str
) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with portee("conservation : décider d'un plan") as (session, uai):
            faire(session, uai, saisie)
        flash(dit, "succes")
        return redirect(url_for("vie_privee_conservation.plan", plan_id=plan_id), 303)

    return traiter(schema, agir, lambda erreurs: _page_plan(plan_id, erreurs))


def _page_plan(plan_id: UUID, erreurs: dict[str, str]) -> str:
    tri = lire(SaisieTri())["tri"]
    with portee("conservation : relire un plan") as (session, uai):
        dossier = ouvrir(session, instance().horloge, plan_id, uai)
        ancien = precedent(session, dossier.plan)
        ecarts = (
            comparer(lignes(session, ancien.id), dossier.lignes) if ancien and not dossier.partiel else []
        )
        return render_template(
            "vie_privee/conservation_plan.html", dossier=dossier, lignes=_tries(dossier, tri), tri=tri,
            tris=TRIS, ecarts=ecarts, ancien=ancien, ecoles=_ecoles(session, dossier), erreurs=erreurs,
            saisie=request.form if erreurs else {}, tons=_TONS, modifiable=dossier.etat in _MODIFIABLES,
            approuvee_par_moi=contexte_courant().personne_id in {d.par for d in dossier.approbations},
            titres=intitules(), a_viser=_a_viser(dossier), groupes=_groupes(dossier),
        )  # fmt: skip


def _groupes(dossier: Dossier) -> list[tuple[str, int, int, int]]:
    """Par traitement : établissements, enregistrements à éliminer, enregistrements gardés."""
    groupes: dict[str, list[LigneConservation]] = {}
    for ligne in dossier.lignes:
        groupes.setdefault(ligne.traitement, []).append(ligne)
    return [
        (
            cle,
            len({ligne.uai for ligne in siennes}),
            sum(ligne.echues for ligne in siennes),
            sum(ligne.gelees + ligne.actives + ligne.retenues + ligne.sans_date for ligne in siennes),
        )
        for cle, siennes in sorted(groupes.items())
    ]


def _a_viser(dossier: Dossier) -> list[tuple[str, str]]:
    titres = intitules()
    cles = dict.fromkeys(ligne.traitement for ligne in dossier.lignes if ligne.visa and ligne.echues)
    return [(cle, titres.get(cle, cle)) for cle in cles]


def _page_ligne(plan_id: UUID, rang: int, erreurs: dict[str, str]) -> str:
    with portee("conservation : relire une ligne") as (session, uai):
        dossier = ouvrir(session, instance().horloge, plan_id, uai)
        ligne = next((li for li in dossier.lignes if li.rang == rang), None)
        if ligne is None:
            raise Introuvable("cette ligne n'est pas dans le plan.", remede="revenir au plan.")
        return render_template(
            "vie_privee/conservation_ligne.html", dossier=dossier, ligne=ligne, titres=intitules(),
            exemples=exemples(session, regles_completes(session, instance().chargement), dossier.plan, ligne),
            ecoles=_ecoles(session, dossier), erreurs=erreurs, saisie=request.form if erreurs else {},
        )  # fmt: skip


def _page_geler(personne_id: UUID, erreurs: dict[str, str]) -> str:
    with portee("conservation : préparer un gel") as (session, uai):
        personne = personne_d_ici(session, personne_id, uai, "des gels")
        return render_template(
            "vie_privee/conservation_geler.html", personne=personne, titres=intitules(), erreurs=erreurs,
            saisie=request.form if erreurs else {},
        )  # fmt: skip


def _articles(plan_id: UUID) -> tuple[Dossier, list[bordereau.Article]]:
    with portee("conservation : bordereau d'élimination") as (session, uai):
        dossier = ouvrir(session, instance().horloge, plan_id, uai)
        traitements = instance().registre.traitements
        return dossier, bordereau.articles(dossier, traitements, _ecoles(session, dossier))


def _tries(dossier: Dossier, tri: str) -> list[LigneConservation]:
    nom = tri.removeprefix("-")
    return sorted(
        dossier.lignes,
        key=lambda li: (getattr(li, nom) is None, str(getattr(li, nom)) if nom != "echues" else li.echues),
        reverse=tri.startswith("-"),
    )


def _ecoles(session: Session, dossier: Dossier) -> dict[str, str]:
    uais = {ligne.uai for ligne in dossier.lignes if ligne.uai}
    return {
        uai: nom
        for uai, nom in session.execute(
            select(Etablissement.uai, Etablissement.nom).where(Etablissement.uai.in_(uais))
        )
    }


def _fichier(contenu: bytes, genre: str, nom: str) -> Response:
    return Response(contenu, mimetype=genre, headers={"Content-Disposition": f"attachment; filename={nom}"})
