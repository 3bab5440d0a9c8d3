"""Les imports passés : la liste, le rapport de chacun, les défauts à télécharger, les modèles à remplir."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session

from ent_core.chargement.envois import Sorte
from ent_core.identite.lots import LotResume, lister_lots, lot_resume, rejets_du_lot
from ent_core.identite.tableur import Format, Genre, modele_vierge
from ent_core.identite.tableur.annulation import Annulation, annulable, annuler_liste
from ent_core.identite.tableur.gestes import DELAI
from ent_core.identite.tableur.texte import proteger
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.web.admin.pages import ReponsePage, administration, de_l_academie, perimetre
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige

__all__ = ["SORTES", "SorteAffichee", "sortes_permises"]

_REJETS_MONTRES = 100
_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.ODS: "application/vnd.oasis.opendocument.spreadsheet",
}
_ETATS = {
    "applique": ("Appliqué", "succes", "coche"),
    "annule": ("Annulé", "neutre", "interdit"),
    "simule": ("Simulation", "neutre", "oeil"),
    "lecture": ("En cours", "info", "heure"),
    "refuse": ("À confirmer", "a_faire", "attention"),
    "echec": ("Refusé", "refus", "refus"),
    "abandonne": ("Abandonné", "neutre", "interdit"),
}


@dataclass(frozen=True, slots=True)
class SorteAffichee:
    """Une sorte d'import, dans les mots de la personne."""

    sorte: Sorte
    titre: str
    resume: str
    acte: str
    academie: bool = False


SORTES = (
    SorteAffichee(
        Sorte.ANNUAIRE,
        "Annuaire de l'académie",
        "La livraison de l'annuaire fédérateur, complète ou delta, telle que l'académie la donne.",
        "Importer l'annuaire",
        academie=True,
    ),
    SorteAffichee(
        Sorte.LISTE,
        "Liste d'une école",
        "Élèves, responsables ou personnels, depuis un tableur. Pour les écoles sans annuaire.",
        "Importer une liste",
    ),
    SorteAffichee(
        Sorte.EMPLOI_DU_TEMPS,
        "Emploi du temps",
        "Le fichier que le logiciel d'emploi du temps prépare pour STS-web.",
        "Importer un emploi du temps",
    ),
)


def sortes_permises() -> list[SorteAffichee]:
    """Ce que la personne peut importer ici."""
    return [sorte for sorte in SORTES if de_l_academie() or not sorte.academie]


@administration.get("/imports", endpoint="imports")
@exige("noyau.imports")
def liste_imports() -> str:
    with perimetre("liste des imports") as (session, uai):
        lots = lister_lots(session, uai=uai)
    return render_template(
        "admin/imports.html",
        lots=lots,
        etats=_ETATS,
        sortes=sortes_permises(),
        academie=de_l_academie(),
        genres=[(genre.value, LIBELLES_GENRES[genre]) for genre in Genre],
        formats=[f.value for f in Format],
    )


LIBELLES_GENRES = {
    Genre.ELEVES: "Élèves",
    Genre.RESPONSABLES: "Responsables",
    Genre.PERSONNELS: "Personnels",
}


@administration.get("/imports/lots/<uuid:lot>")
@exige("noyau.imports")
def lot_importe(lot: UUID) -> str:
    with perimetre("rapport d'un import") as (session, uai):
        resume = _lot(session, lot, uai)
        rejets = rejets_du_lot(session, lot, limite=_REJETS_MONTRES)
    return render_template(
        "admin/imports_lot.html",
        resume=resume,
        rejets=rejets,
        etats=_ETATS,
        annulable=annulable(resume.lot, instance().horloge.maintenant()),
        delai=DELAI.days,
    )


@administration.get("/imports/lots/<uuid:lot>/annuler")
@exige("noyau.imports")
def voir_annulation(lot: UUID) -> str:
    return _page_annulation(lot)


@administration.post("/imports/lots/<uuid:lot>/annuler")
@exige("noyau.imports", reauthentification=True)
def annuler_import(lot: UUID) -> ReponsePage:
    try:
        _annuler(lot, simulation=False)
    except OperationRefusee as refus:
        return _page_annulation(lot, refus), 409
    flash("L'import est annulé. L'annuaire est tel qu'il était avant lui.", "succes")
    return redirect(url_for("admin.lot_importe", lot=lot), 303)


@administration.get("/imports/lots/<uuid:lot>/rejets.csv")
@exige("noyau.imports")
def rejets_csv(lot: UUID) -> Response:
    with perimetre("défauts d'un import") as (session, uai):
        _lot(session, lot, uai)
        rejets = rejets_du_lot(session, lot)
    flux = io.StringIO(newline="")
    ecrivain = csv.writer(flux, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow(("gravité", "fichier", "ligne", "clé", "code", "motif"))
    for r in rejets:
        ecrivain.writerow(
            [proteger(str(v or "")) for v in (r.gravite, r.fichier, r.ligne, r.cle, r.code, r.motif)]
        )
    return _fichier(flux.getvalue().encode("utf-8-sig"), Format.CSV, f"rejets_{lot}.csv")


@administration.get("/imports/modeles/<genre>.<format_voulu>")
@exige("noyau.imports")
def modele_de_liste(genre: str, format_voulu: str) -> Response:
    try:
        voulu, lu = Format(format_voulu), Genre(genre)
    except ValueError:
        abort(404)
    return _fichier(modele_vierge(lu, voulu), voulu, f"{lu}.{voulu}")


def _lot(session: Session, lot: UUID, uai: str | None) -> LotResume:
    resume = lot_resume(session, lot, uai=uai)
    if resume is None:
        raise Introuvable("cet import n'existe pas ici.", remede="le chercher dans la liste des imports.")
    return resume


def _annuler(lot: UUID, *, simulation: bool) -> Annulation:
    ent, contexte = instance(), contexte_courant()
    # La connexion de la requête est rendue avant d'en prendre une autre : la réserve est petite.
    requete().base.commit()
    return annuler_liste(
        ent.base,
        lot,
        horloge=ent.horloge,
        uai=None if de_l_academie() else contexte.uai,
        # Une école ne défait pas, dans une liste, ce que l'académie seule y met.
        direction_permise=de_l_academie(),
        simulation=simulation,
        par=contexte.personne_id,
    )


def _page_annulation(lot: UUID, refus: OperationRefusee | None = None) -> str:
    with perimetre("annulation d'un import") as (session, uai):
        resume = _lot(session, lot, uai)
    prevue = None
    try:
        prevue = _annuler(lot, simulation=True)
    except OperationRefusee as erreur:
        refus = erreur
    # Ce qui retient se lit en liste : le redire en une phrase n'apprendrait rien.
    dit = None if prevue is not None and prevue.blocages else refus
    return render_template("admin/imports_annulation.html", resume=resume, prevue=prevue, erreur=dit)


def _fichier(contenu: bytes, format_voulu: Format, nom: str) -> Response:
    return Response(
        contenu,
        content_type=_TYPES[format_voulu],
        headers={"Content-Disposition": f'attachment; filename="{nom}"'},
    )
