"""« Mes données » : ce que l'ENT enregistre sur soi ou son enfant, qui l'a vu, demander, suivre, recevoir."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.identite.lectures import nommer
from ent_core.roles.perimetre import enfants_de
from ent_core.socle.erreurs import AccesRefuse, Introuvable
from ent_core.vie_privee.droits import copies, demandes
from ent_core.vie_privee.droits.avis import demandables
from ent_core.vie_privee.droits.consultations import PAR_PAGE, Consultation, consultations, en_csv
from ent_core.vie_privee.droits.graphe import compter, places
from ent_core.vie_privee.droits.modeles import Demande
from ent_core.vie_privee.droits.oppositions import en_vigueur_pour
from ent_core.vie_privee.droits.qualite import Qualite, qualite_de
from ent_core.vie_privee.publication import phrases
from ent_core.web.admin.pages import ReponsePage, lire, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import (
    DROITS,
    academie,
    droit_choisi,
    fiche,
    traitement_choisi,
)
from ent_core.web.vie_privee.droits_rectification import decisions
from ent_core.web.vie_privee.droits_saisies import SaisieDemande, SaisieSujet, SaisieVues

__all__ = ["mes_donnees"]

mes_donnees = Blueprint("vie_privee_mes_donnees", __name__, url_prefix="/mes-donnees")
"""Pages de la personne."""

PERMISSION = "noyau.mes_donnees"
_APERCU = 10
"""Lectures montrées d'abord ; les autres ont leur page."""

_TOUTES = 10_000
"""Lectures d'un fichier : une année, et bien au-delà."""

FRAICHE = timedelta(minutes=15)
"""Âge au-delà duquel une connexion ne suffit plus pour recevoir une copie."""


@dataclass(frozen=True, slots=True)
class Recense:
    """Un traitement où la personne est."""

    cle: str
    intitule: str
    finalite: str
    conservation: str
    lignes: int
    oppose: bool


@dataclass(frozen=True, slots=True)
class Sujet:
    """Quelqu'un dont on peut voir les données."""

    id: UUID
    libelle: str


@mes_donnees.get("/", endpoint="accueil")
@exige(PERMISSION)
def page() -> str:
    return _page({})


@mes_donnees.post("/")
@exige(PERMISSION)
def demander() -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        contexte = contexte_courant()
        with academie("déposer une demande") as session:
            sujet, qualite = _sujet(session, saisie["pour"])
            demande = demandes.deposer(
                session, instance().horloge, uai=contexte.uai, personne=sujet.id,
                demandeur=contexte.personne_id, qualite=qualite, droit=droit_choisi(saisie["droit"]),
                traitement=traitement_choisi(saisie["traitement"]), precisions=saisie["precisions"],
            )  # fmt: skip
            numero, ici = demandes.numero(demande), demande.id
        flash(f"Votre demande {numero} est reçue. Cette page en est l'accusé de réception.", "succes")
        return redirect(url_for("vie_privee_mes_donnees.suivre", identifiant=ici))

    return traiter(SaisieDemande(), agir, _page)


@mes_donnees.get("/demandes/<uuid:identifiant>")
@exige(PERMISSION)
def suivre(identifiant: UUID) -> str:
    jour = contexte_courant().jour
    with academie("suivre sa demande") as session:
        demande = _sienne(session, identifiant)
        personnes = nommer(session, [p for p in (demande.personne_id, demande.demandeur_id) if p])
        copie = copies.copie_de(session, instance().horloge, demande)
        dite, decidees = fiche(demande, jour), decisions(session, demande)
    return render_template(
        "vie_privee/demande_suivre.html",
        decidees=decidees,
        fiche=dite,
        personnes=personnes,
        copie=copie,
        mienne=demande.demandeur_id == contexte_courant().personne_id,
        fraiche=_fraiche(),
        reponse_le=demande.close_le,
    )


@mes_donnees.post("/demandes/<uuid:identifiant>/retirer")
@exige(PERMISSION)
def retirer(identifiant: UUID) -> ReponseWerkzeug:
    with academie("retirer sa demande") as session:
        demande = _sienne(session, identifiant, demandeur=True)
        demandes.retirer(session, instance().horloge, demande, contexte_courant().personne_id)
    flash("Votre demande est retirée.", "succes")
    return redirect(url_for("vie_privee_mes_donnees.suivre", identifiant=identifiant))


@mes_donnees.get("/demandes/<uuid:identifiant>/copie.zip")
@exige(PERMISSION)
def telecharger(identifiant: UUID) -> Response:
    if not _fraiche():
        raise AccesRefuse(
            "votre connexion date de plus de 15 minutes.",
            remede="vous déconnecter, vous reconnecter, puis revenir à votre demande.",
        )
    ent, contexte = instance(), contexte_courant()
    with academie("remettre une copie") as session:
        demande = _sienne(session, identifiant, demandeur=True)
        if demande.personne_id is not None:
            # Un acte de justice peut être arrivé depuis la demande.
            qualite_de(session, contexte.personne_id, demande.personne_id, contexte.jour)
        # Une copie prête n'est remise qu'avec une réponse favorable.
        repondue = demande.etat == demandes.Etat.REPONDUE
        copie = copies.copie_de(session, ent.horloge, demande) if repondue else None
        if copie is None:
            raise Introuvable("cette copie n'est pas disponible.", remede="attendre la réponse.")
        fichier = tempfile.TemporaryFile()
        for morceau in copies.morceaux(session, copie):
            fichier.write(morceau)
        copies.noter_telechargement(session, ent.horloge, demande, copie, contexte.personne_id)
        nom, taille = f"mes-donnees-{demandes.numero(demande)}.zip", copie.taille
    reponse = Response(_octets(fichier), mimetype="application/zip")
    reponse.headers["Content-Disposition"] = f"attachment; filename={nom}"
    reponse.headers["Content-Length"] = str(taille)
    reponse.headers["Cache-Control"] = "no-store"
    return reponse


@mes_donnees.get("/vues", endpoint="vues")
@exige(PERMISSION)
def page_vues() -> str:
    """Toutes les lectures, page par page."""
    saisie = lire(SaisieVues())
    with academie("voir qui a lu ses données") as session:
        sujet, _ = _sujet(session, saisie["pour"])
        lues = _vues(session, sujet.id, page=saisie["page"], limite=PAR_PAGE)
    return render_template(
        "vie_privee/mes_vues.html",
        sujet=sujet,
        moi=contexte_courant().personne_id,
        vues=lues[:PAR_PAGE],
        page=saisie["page"],
        suite=len(lues) > PAR_PAGE,
    )


@mes_donnees.get("/vues.csv")
@exige(PERMISSION)
def telecharger_vues() -> Response:
    with academie("voir qui a lu ses données") as session:
        sujet, _ = _sujet(session, lire(SaisieVues())["pour"])
        contenu = en_csv(_vues(session, sujet.id, page=1, limite=_TOUTES)[:_TOUTES])
    return Response(
        contenu,
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=lectures.csv", "Cache-Control": "no-store"},
    )


def _vues(session: Session, personne: UUID, *, page: int, limite: int) -> list[Consultation]:
    presente = [recense.cle for recense in _recenser(session, personne)]
    return consultations(
        session, instance().registre, personne, contexte_courant().uai, presente=presente, page=page,
        limite=limite,
    )  # fmt: skip


def _octets(fichier: IO[bytes]) -> Iterator[bytes]:
    """Le fichier, une fois rendue la connexion à la base : un client lent n'en retient aucune."""
    with fichier:
        fichier.seek(0)
        while bloc := fichier.read(1 << 16):
            yield bloc


def _page(erreurs: dict[str, str]) -> str:
    contexte, registre = contexte_courant(), instance().registre
    with academie("voir ses données") as session:
        sujets = [
            Sujet(contexte.personne_id, "Moi"),
            *(Sujet(e.id, e.prenom) for e in _enfants(session)),
        ]
        sujet, qualite = _sujet(session, _demande_pour())
        recenses = _recenser(session, sujet.id)
        vues = consultations(
            session, registre, sujet.id, contexte.uai, presente=[r.cle for r in recenses], limite=_APERCU
        )
        suivies = [
            fiche(d, contexte.jour)
            for d in demandes.siennes(session, contexte.uai, contexte.personne_id)
            if d.personne_id in (sujet.id, None)
        ]
    presents = [registre.traitements[r.cle] for r in recenses]
    return render_template(
        "vie_privee/mes_donnees.html",
        sujet=sujet,
        sujets=sujets,
        moi=contexte.personne_id,
        mineur=qualite is Qualite.ELEVE_MINEUR,
        recenses=recenses,
        vues=vues[:_APERCU],
        autres_vues=len(vues) > _APERCU,
        suivies=suivies,
        droits=[(d.name.lower(), DROITS[d.name.lower()]) for d in demandables(presents)],
        opposables=[(r.cle, r.intitule) for r in recenses],
        saisie=request.form,
        erreurs=erreurs,
    )


def _demande_pour() -> UUID | None:
    pour: UUID | None = (
        request.form.get("pour", type=UUID) if request.method == "POST" else lire(SaisieSujet())["pour"]
    )
    return pour


def _enfants(session: Session) -> list[Any]:
    """Enfants mineurs dont la personne exerce l'autorité ; majeurs, ils agissent eux-mêmes."""
    contexte, gardes = contexte_courant(), []
    for enfant in enfants_de(session, contexte):
        try:
            qualite_de(session, contexte.personne_id, enfant.id, contexte.jour)
        except AccesRefuse:
            continue
        gardes.append(enfant)
    return gardes


def _sujet(session: Session, voulu: UUID | None) -> tuple[Sujet, Qualite]:
    """La personne regardée, et à quel titre."""
    contexte = contexte_courant()
    ici = voulu or contexte.personne_id
    qualite = qualite_de(session, contexte.personne_id, ici, contexte.jour)
    if ici != contexte.personne_id and ici not in {e.id for e in enfants_de(session, contexte)}:
        raise Introuvable("cet enfant n'est pas dans cet établissement.", remede="changer d'établissement.")
    nom = nommer(session, [ici])[ici]
    return Sujet(ici, nom.libelle), qualite


def _recenser(session: Session, personne: UUID) -> list[Recense]:
    uai, registre = contexte_courant().uai, instance().registre
    lignes: dict[str, int] = {}
    for place in places(registre):
        nombre = compter(session, place, personne, uai)
        if nombre:
            lignes[place.traitement] = lignes.get(place.traitement, 0) + nombre
    opposes = {o.traitement for o in en_vigueur_pour(session, personne, uai)}
    return [
        Recense(
            cle,
            (traitement := registre.traitements[cle]).intitule,
            traitement.finalite,
            phrases.conservation(traitement.conservation),
            nombre,
            cle in opposes,
        )
        for cle, nombre in lignes.items()
    ]


def _sienne(session: Session, identifiant: UUID, *, demandeur: bool = False) -> Demande:
    """Demande que la personne suit : la sienne, ou celle qu'on a faite sur elle."""
    contexte = contexte_courant()
    demande = demandes.trouver(session, contexte.uai, identifiant)
    suiveurs = {demande.demandeur_id} if demandeur else {demande.demandeur_id, demande.personne_id}
    if contexte.personne_id not in suiveurs:
        raise Introuvable("cette demande n'existe pas ici.", remede="revenir à « Mes données ».")
    return demande


def _fraiche() -> bool:
    reconnue = requete().reconnue
    return reconnue is not None and instance().horloge.maintenant() - reconnue.creee_le <= FRAICHE
