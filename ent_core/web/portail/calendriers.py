"""« Calendriers reliés » : donner à un appareil un lien qu'il relira, voir ceux qui servent, en retirer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import segno
from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException, Unauthorized
from werkzeug.wrappers import Response

from ent_core.contrat.interface import Contexte
from ent_core.identite import liens_personnels
from ent_core.identite.liens_personnels import LienLu
from ent_core.identite.titres import Titre
from ent_core.messages.securite import prevenir_de_la_securite
from ent_core.socle.dates import jour_long
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import contexte_courant, horloge_courante, requete, session_courante
from ent_core.web.routes import Exigence, connecte, exigence_de
from ent_core.web.voies import LIEN

__all__ = ["LienAffiche"]


@dataclass(frozen=True, slots=True)
class Calendrier:
    """Une adresse qu'une route ouvre à un lien.

    :param adresse: chemin.
    :param point: nom de la route.
    """

    adresse: str
    titre: str
    point: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LienAffiche:
    """Un lien, dans les mots de la personne."""

    cle: str
    titre: str
    nom: str
    depuis: str
    vu: str
    jusqu_au: str


@portail.get("/compte/calendriers")
@connecte()
def calendriers() -> str:
    return _page(request.args.get("calendrier", ""))


@portail.post("/compte/calendriers")
@connecte(reauthentification=True)
def relier_un_calendrier() -> str | tuple[str, int]:
    contexte, session = contexte_courant(), session_courante()
    voulu = _trouver(request.form.get("calendrier", ""))
    if voulu is None or not _ouvert(voulu, contexte):
        return _page("", "Choisissez un calendrier de la liste."), 422
    titre = Titre(
        contexte.compte_id, contexte.personne_id, contexte.uai, contexte.etablissement_nom, contexte.profil
    )
    nom = request.form.get("nom", "")
    jeton = liens_personnels.creer(session, horloge_courante(), titre, voulu.adresse, nom)
    prevenir_de_la_securite(session, [contexte.personne_id], url_for("ent.calendriers"))
    adresse = url_for(voulu.point, **voulu.arguments, **{LIEN: jeton}, _external=True)
    abonnement = f"webcal:{adresse.partition(':')[2]}"
    image = segno.make(abonnement, error="m", micro=False)
    return render_template(
        "compte/calendrier_relie.html", titre=voulu.titre, adresse=adresse, abonnement=abonnement,
        image=image.svg_data_uri(scale=4, border=4, light="#fff", dark="#000"),
    )  # fmt: skip


@portail.post("/compte/calendriers/<uuid:lien_id>/retirer")
@connecte()
def retirer_un_calendrier(lien_id: UUID) -> Response:
    liens_personnels.retirer(session_courante(), horloge_courante(), _compte(), lien_id)
    flash("Cet appareil ne lit plus rien.", "succes")
    return redirect(url_for("ent.calendriers"))


def _page(choisi: str, erreur: str = "") -> str:
    contexte = requete().contexte
    offerts = list(_offerts(contexte)) if contexte else []
    voulu = _trouver(choisi)
    if contexte and voulu and _ouvert(voulu, contexte) and voulu.adresse not in {o.adresse for o in offerts}:
        offerts.insert(0, voulu)
    liens = liens_personnels.lister(session_courante(), horloge_courante(), _compte())
    return render_template(
        "compte/calendriers.html", liens=[_afficher(lien) for lien in liens], erreur=erreur, choisi=choisi,
        offerts=[(offert.adresse, offert.titre) for offert in offerts],
    )  # fmt: skip


def _compte() -> UUID:
    reconnue = requete().reconnue
    if reconnue is None:
        raise Unauthorized
    return reconnue.compte_id


def _trouver(adresse: str) -> Calendrier | None:
    """Calendrier d'un chemin de cet ENT, s'il y en a un."""
    adresse = adresse.removeprefix(request.script_root)
    try:
        point, arguments = current_app.url_map.bind("").match(adresse, method="GET")
    except HTTPException:
        return None
    exigence = _exigence(point)
    if exigence is None or not exigence.lien_personnel:
        return None
    return Calendrier(adresse, exigence.lien_personnel, point, dict(arguments))


def _offerts(contexte: Contexte) -> Iterator[Calendrier]:
    """Calendriers qui ne demandent aucun choix ; les autres s'offrent sur la page de leur brique."""
    for regle in current_app.url_map.iter_rules():
        exigence = None if regle.arguments else _exigence(regle.endpoint)
        if exigence is not None and exigence.lien_personnel:
            calendrier = Calendrier(regle.rule, exigence.lien_personnel, regle.endpoint, {})
            if _ouvert(calendrier, contexte):
                yield calendrier


def _ouvert(calendrier: Calendrier, contexte: Contexte) -> bool:
    """Vrai si la route s'ouvrirait à la personne ; ce qu'elle montre se juge à chaque lecture."""
    exigence = _exigence(calendrier.point)
    blueprint = current_app.blueprints[calendrier.point.rpartition(".")[0]]
    brique: str | None = getattr(blueprint, "brique", None)
    return (
        exigence is not None
        and (brique is None or brique in contexte.briques)
        and instance().habilitations.autorise(contexte, exigence.permission)
    )


def _exigence(point: str) -> Exigence | None:
    return exigence_de(current_app.view_functions[point], "GET")


def _afficher(lien: LienLu) -> LienAffiche:
    calendrier = _trouver(lien.adresse)
    return LienAffiche(
        str(lien.id),
        calendrier.titre if calendrier else "Calendrier qui n'existe plus",
        lien.nom,
        jour_long(lien.cree_le),
        _jour(lien.vu_le),
        jour_long(lien.fin - timedelta(days=1)),
    )


def _jour(jour: date | None) -> str:
    return jour_long(jour) if jour else ""
