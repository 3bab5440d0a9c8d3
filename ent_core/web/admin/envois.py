"""Importer depuis une page : envoyer, dire les colonnes, voir ce qui changerait, confirmer, lire le rapport.

L'annuaire passe par l'ouvrier, car il peut durer ; une liste et un emploi du temps se font sur-le-champ.
"""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.chargement.envois import Envoi, Envois, Etape, Sorte, envois_de
from ent_core.chargement.imports import TACHE_IMPORT, executer_envoi
from ent_core.contrat.uai import UAI
from ent_core.donnees.file_taches import TravailArrete, differer, rejouer, travail_arrete
from ent_core.identite.modeles import Etablissement
from ent_core.identite.tableur import (
    CHAMPS,
    Affectation,
    Correspondance,
    Genre,
    Tableau,
    lire_tableau,
    proposer_correspondance,
    valider,
)
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, ErreurEnt, FichierRefuse, Introuvable
from ent_core.web.admin.imports import LIBELLES_GENRES, sortes_permises
from ent_core.web.admin.pages import ReponsePage, administration, de_l_academie
from ent_core.web.admin.taches import agir_sur_un_mort
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete, session_courante
from ent_core.web.routes import exige

__all__: list[str] = []

_MIO = 1024 * 1024
_LIMITES = {Sorte.ANNUAIRE: 500 * _MIO, Sorte.LISTE: 20 * _MIO, Sorte.EMPLOI_DU_TEMPS: 64 * _MIO}
_LIGNES_MONTREES = 5
_PANNE = {
    "code": "ENT-500",
    "message": "Une panne imprévue a arrêté l'import.",
    "remede": "recommencer ; si elle revient, prévenir l'exploitant de l'ENT.",
    "lieu": "",
}
_ETAPES = {
    Sorte.ANNUAIRE: ("Envoi", "Simulation", "Confirmation", "Rapport"),
    Sorte.LISTE: ("Envoi", "Colonnes", "Simulation", "Rapport"),
    Sorte.EMPLOI_DU_TEMPS: ("Envoi", "Simulation", "Rapport"),
}


@administration.get("/imports/nouveau/<sorte>")
@exige("noyau.imports")
def nouvel_import(sorte: str) -> str:
    return _page_envoi(_sorte(sorte))


@administration.post("/imports/nouveau/<sorte>")
@exige("noyau.imports", envoi=512 * _MIO)
def recevoir_import(sorte: str) -> ReponsePage:
    lue = _sorte(sorte)
    try:
        envoi = _recevoir(lue)
    except ErreurEnt as erreur:
        return _page_envoi(lue, erreur), 422
    return _suivre(envoi)


@administration.get("/imports/envois/<cle>")
@exige("noyau.imports")
def envoi_recu(cle: str) -> ReponsePage:
    return _page(_envoi(cle))


@administration.get("/imports/envois/<cle>/avancement")
@exige("noyau.imports")
def avancement_envoi(cle: str) -> ReponsePage:
    """Le bloc d'avancement seul ; quand c'est fini, la page entière est à relire."""
    envoi = _envoi(cle)
    reponse = Response(render_template("admin/imports_avancement.html", envoi=envoi), mimetype="text/html")
    if not _en_cours(envoi) or _arrete(envoi):
        reponse.headers["HX-Redirect"] = url_for("admin.envoi_recu", cle=cle)
    return reponse


@administration.get("/imports/envois/<cle>/colonnes")
@exige("noyau.imports")
def colonnes_envoi(cle: str) -> str:
    return _reprendre_colonnes(_envoi(cle, Etape.COLONNES, Etape.SIMULE))


@administration.post("/imports/envois/<cle>/colonnes")
@exige("noyau.imports")
def choisir_colonnes(cle: str) -> ReponsePage:
    envoi = _envoi(cle, Etape.COLONNES, Etape.SIMULE)
    tableau = _tableau(envoi)
    genre = _genre(request.form.get("genre", ""))
    if request.form.get("acte") == "changer_genre":
        return _page_colonnes(envoi, tableau, proposer_correspondance(tableau.entetes, genre))
    try:
        correspondance = Correspondance.choisie(genre, tableau.entetes, _affectations(tableau, genre))
        valider(tableau, correspondance, aujourd_hui=instance().horloge.aujourd_hui())
    except DonneeInvalide as erreur:
        tentee = Correspondance(genre, tableau.entetes, tuple(_affectations(tableau, genre)))
        return _page_colonnes(envoi, tableau, tentee, erreur), 422
    envoi.options = {
        "correspondance": correspondance.en_dict(),
        "complete": bool(request.form.get("complete")),
        # Une liste ne donne pas à une école plus que l'académie ne lui donne.
        "direction_permise": de_l_academie(),
    }
    return _executer(envoi, Etape.SIMULATION_DEMANDEE)


@administration.post("/imports/envois/<cle>/confirmer")
@exige("noyau.imports", reauthentification=True)
def confirmer_import(cle: str) -> ReponsePage:
    envoi = _envoi(cle, Etape.SIMULE)
    if envoi.rapport.get("retraits") and not request.form.get("accepter_retraits"):
        refus = DonneeInvalide(
            "Cet import retire beaucoup de personnes.", remede="cocher la case qui le confirme, ou renoncer."
        )
        return _page(envoi, refus), 422
    envoi.options["accepter_retraits"] = bool(request.form.get("accepter_retraits"))
    return _executer(envoi, Etape.IMPORT_DEMANDE)


@administration.post("/imports/envois/<cle>/reprendre")
@exige("noyau.imports")
def reprendre_envoi(cle: str) -> Response:
    """Remet dans la file le travail qu'une panne a arrêté."""
    envoi = _envoi(cle, Etape.SIMULATION_DEMANDEE, Etape.IMPORT_DEMANDE)
    arrete = _arrete(envoi)
    if arrete and arrete.rejouable:
        agir_sur_un_mort(rejouer, arrete.id, "travail.rejoue")
    elif arrete:
        return _executer(envoi, envoi.etape)
    return redirect(url_for("admin.envoi_recu", cle=cle), 303)


@administration.post("/imports/envois/<cle>/abandonner")
@exige("noyau.imports")
def abandonner_envoi(cle: str) -> Response:
    envoi = _envoi(cle)
    if envoi.etape not in (Etape.COLONNES, Etape.SIMULE) and not _arrete(envoi):
        raise Introuvable("cet envoi n'existe plus.", remede="reprendre depuis la liste des imports.")
    _envois().effacer(envoi.cle)
    return redirect(url_for("admin.imports"), 303)


# --- Gestes ----------------------------------------------------------------------------------------


def _recevoir(sorte: Sorte) -> Envoi:
    champs = ("emploi_du_temps", "individus") if sorte is Sorte.EMPLOI_DU_TEMPS else ("fichier",)
    recus = {champ: request.files[champ] for champ in champs if request.files.get(champ)}
    if champs[0] not in recus:
        raise DonneeInvalide("Aucun fichier n'est choisi.", remede="choisir le fichier à importer.")
    envoi = _envois().recevoir(
        [(recu.filename or champ, cast(BinaryIO, recu.stream)) for champ, recu in recus.items()],
        sorte=sorte,
        etape=Etape.COLONNES if sorte is Sorte.LISTE else Etape.SIMULATION_DEMANDEE,
        par=contexte_courant().personne_id,
        uai=_uai_vise(sorte),
        limite=_LIMITES[sorte],
    )
    if sorte is Sorte.LISTE:
        try:
            _tableau(envoi)
        except FichierRefuse:
            _envois().effacer(envoi.cle)
            raise
    return envoi


def _uai_vise(sorte: Sorte) -> str:
    """L'école visée : celle en vigueur, sauf pour l'académie, qui la choisit ou laisse le fichier la dire."""
    if not de_l_academie():
        return contexte_courant().uai
    uai = request.form.get("uai", "").strip().upper()
    if sorte is Sorte.LISTE or uai:
        if not UAI.fullmatch(uai):
            raise DonneeInvalide(
                "Le code de l'établissement n'est pas valable.",
                remede="écrire les sept chiffres et la lettre du code UAI.",
                lieu="uai",
            )
        if session_courante().get(Etablissement, uai) is None:
            raise DonneeInvalide(
                "Aucun établissement de cet ENT n'a ce code.",
                remede="le chercher dans la liste des établissements.",
                lieu="uai",
            )
    return uai


def _suivre(envoi: Envoi) -> ReponsePage:
    if envoi.etape is Etape.COLONNES:
        return redirect(url_for("admin.envoi_recu", cle=envoi.cle), 303)
    return _executer(envoi, Etape.SIMULATION_DEMANDEE)


def _executer(envoi: Envoi, etape: Etape) -> Response:
    """Demande un travail à l'ouvrier, ou le fait ici s'il est court."""
    ent, avant = instance(), envoi.etape
    envoi.etape, envoi.avancement = etape, ("", 0, 0)
    _envois().garder(envoi)
    if envoi.sorte is Sorte.ANNUAIRE:
        differer(session_courante(), TACHE_IMPORT, cle_unique=envoi.cle, cle=envoi.cle)
    else:
        # La connexion de la requête est rendue avant d'en prendre une autre : la réserve est petite.
        requete().base.commit()
        try:
            executer_envoi(ent.base, ent.configuration, ent.horloge, envoi.cle, ent.relais.annonceur)
        except Exception:
            # Rien ne le reprendrait : l'envoi revient où il en était, ou finit là.
            envoi.etape = avant if avant is not etape else Etape.REFUSE
            envoi.erreur = _PANNE
            _envois().garder(envoi)
            raise
    return redirect(url_for("admin.envoi_recu", cle=envoi.cle), 303)


def _affectations(tableau: Tableau, genre: Genre) -> list[Affectation]:
    """Les choix du formulaire : « champ:clé:rang » → rang de la colonne."""
    trouvees = []
    connus = {champ.cle: champ for champ in CHAMPS[genre]}
    for nom, valeur in request.form.items():
        prefixe, _, suite = nom.partition(":")
        cle, _, rang = suite.partition(":")
        indice = int(valeur) if valeur.isdecimal() else -1
        if prefixe == "champ" and cle in connus and rang.isdecimal() and 0 <= indice < len(tableau.entetes):
            trouvees.append(Affectation(indice, tableau.entetes[indice], cle, int(rang)))
    return trouvees


# --- Lectures --------------------------------------------------------------------------------------


def _envois() -> Envois:
    return envois_de(instance().configuration, instance().horloge)


def _envoi(cle: str, *etapes: Etape) -> Envoi:
    """L'envoi d'une personne n'existe que pour elle, et à l'étape où elle en est."""
    contexte = contexte_courant()
    envoi = _envois().ouvrir(cle)
    ailleurs = not de_l_academie() and envoi.uai != contexte.uai
    if envoi.par != contexte.personne_id or ailleurs or (etapes and envoi.etape not in etapes):
        raise Introuvable("cet envoi n'existe plus.", remede="reprendre depuis la liste des imports.")
    return envoi


def _sorte(texte: str) -> Sorte:
    trouvee = next((s.sorte for s in sortes_permises() if s.sorte.value == texte), None)
    if trouvee is None and texte in set(Sorte):
        raise AccesRefuse("seule l'académie importe l'annuaire.", remede="s'adresser à l'académie.")
    if trouvee is None:
        raise Introuvable("cette sorte d'import n'existe pas.", remede="repartir de la liste des imports.")
    return trouvee


def _genre(texte: str) -> Genre:
    try:
        return Genre(texte)
    except ValueError:
        raise DonneeInvalide("Cette sorte de liste n'existe pas.", remede="choisir dans la liste.") from None


def _tableau(envoi: Envoi) -> Tableau:
    return lire_tableau(_envois().fichiers(envoi)[0], envoi.noms[0])


def _en_cours(envoi: Envoi) -> bool:
    return envoi.etape in (Etape.SIMULATION_DEMANDEE, Etape.IMPORT_DEMANDE)


def _arrete(envoi: Envoi) -> TravailArrete | None:
    """Le travail de l'envoi, si l'ouvrier ne le reprendra plus."""
    if not _en_cours(envoi):
        return None
    requete().base.commit()
    with instance().base.academie("imports : sort du travail") as session:
        return travail_arrete(session, TACHE_IMPORT, cle=envoi.cle)


# --- Pages -----------------------------------------------------------------------------------------


def _page_envoi(sorte: Sorte, erreur: ErreurEnt | None = None) -> str:
    return render_template(
        "admin/imports_envoi.html",
        sorte=next(s for s in sortes_permises() if s.sorte is sorte),
        etapes=_ETAPES[sorte],
        academie=de_l_academie(),
        limite=_LIMITES[sorte] // _MIO,
        genres=[(genre.value, LIBELLES_GENRES[genre]) for genre in Genre],
        saisie=request.form,
        erreur=erreur,
    )


def _page(envoi: Envoi, erreur: ErreurEnt | None = None) -> str:
    if envoi.etape is Etape.COLONNES:
        return _reprendre_colonnes(envoi, erreur)
    if arrete := _arrete(envoi):
        return render_template("admin/imports_arrete.html", envoi=envoi, travail=arrete)
    etapes = _ETAPES[envoi.sorte]
    simulation = etapes.index("Simulation") + 1
    courante = {
        Etape.SIMULATION_DEMANDEE: simulation,
        Etape.SIMULE: etapes.index("Confirmation") + 1 if "Confirmation" in etapes else simulation,
        Etape.REFUSE: simulation,
    }.get(envoi.etape, len(etapes))
    return render_template(
        "admin/imports_suivi.html",
        envoi=envoi,
        sorte=next(s for s in sortes_permises() if s.sorte is envoi.sorte),
        etapes=etapes,
        courante=courante,
        en_cours=_en_cours(envoi),
        erreur=erreur or envoi.erreur,
    )


def _reprendre_colonnes(envoi: Envoi, erreur: ErreurEnt | None = None) -> str:
    tableau = _tableau(envoi)
    if memoire := envoi.options.get("correspondance"):
        correspondance = Correspondance.depuis_dict(memoire, tableau.entetes)
    else:
        correspondance = proposer_correspondance(tableau.entetes)
    return _page_colonnes(envoi, tableau, correspondance, erreur or envoi.erreur)


def _page_colonnes(
    envoi: Envoi,
    tableau: Tableau,
    correspondance: Correspondance,
    erreur: ErreurEnt | dict[str, str] | None = None,
) -> str:
    choisies = {(a.champ, a.rang): a for a in correspondance.affectations}
    champs: list[dict[str, Any]] = []
    for champ in CHAMPS[correspondance.genre]:
        rangs = [rang for cle, rang in choisies if cle == champ.cle]
        for rang in range(1, max(rangs, default=1) + 1):
            affectation = choisies.get((champ.cle, rang))
            champs.append(
                {
                    "nom": f"champ:{champ.cle}:{rang}",
                    "libelle": champ.libelle + (f", n° {rang}" if champ.repetable and len(rangs) > 1 else ""),
                    "obligatoire": champ.obligatoire,
                    "indice": "" if affectation is None else affectation.indice,
                    "sur": affectation is None or affectation.confiance >= 1.0,
                }
            )
    return render_template(
        "admin/imports_colonnes.html",
        envoi=envoi,
        tableau=tableau,
        apercu=tableau.lignes[:_LIGNES_MONTREES],
        correspondance=correspondance,
        champs=champs,
        colonnes=[(i, entete or f"Colonne {i + 1}") for i, entete in enumerate(tableau.entetes)],
        etapes=_ETAPES[Sorte.LISTE],
        genres=[(genre.value, LIBELLES_GENRES[genre]) for genre in Genre],
        complete=bool(request.form.get("complete") or envoi.options.get("complete")),
        erreur=erreur,
    )
