"""La requête : reconnaître la personne, poser le contexte, vérifier le droit, valider ou annuler.

Une session de base par requête, ouverte au premier énoncé, validée si la réponse est bonne,
annulée sinon. Sans session web valable, une page mène à la connexion et l'API répond 401.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Flask, Response, current_app, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.contrat.interface import Contexte, Portee
from ent_core.donnees.session import Portage, noter_portage
from ent_core.identite import sessions
from ent_core.identite.sessions import SessionReconnue
from ent_core.identite.titres import Titre
from ent_core.roles.attribution import attribuer
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.web import preuve, voie_jeton, voie_lien
from ent_core.web.avant_ouverture import exiger_avant_ouverture
from ent_core.web.erreurs import est_api
from ent_core.web.instance import instance
from ent_core.web.portillon import brique_de_la_route, garder_la_page
from ent_core.web.routes import Exigence, exigence_de
from ent_core.web.suspension import garder_le_profil
from ent_core.web.visite import garder_la_visite, lecture_de_visite
from ent_core.web.voies import VoieDeRequete, sans_temoin, voie_de

__all__ = [
    "Requete",
    "changer_jeton",
    "contexte_courant",
    "horloge_courante",
    "installer",
    "portee_courante",
    "poser_temoin",
    "requete",
    "session_courante",
    "temoin",
]

_FERMEE = Exigence(connectee=True)


@dataclass(slots=True)
class Requete:
    """Ce que l'on sait de la requête en cours.

    :param base: session de base.
    :param voie: ce qui dit qui parle ; ce que les autres voies auraient apporté est ignoré.
    :param reconnue: session web valable, s'il y en a une.
    :param en_attente: session qui attend son second facteur : elle n'ouvre que les pages qui le demandent.
    :param delegue: personne au nom de qui parle un service relié ou un lien, sans sa session.
    :param jeton: jeton de la session.
    :param jeton_neuf: jeton qui le remplace, à poser sur la réponse ; vide, il n'a pas changé.
    :param contexte: établissement et profil en vigueur, s'ils sont choisis.
    :param portee: périmètre accordé par la permission de la route.
    :param autres_titres: la personne peut changer d'établissement ou de profil.
    """

    base: Session
    voie: VoieDeRequete = VoieDeRequete.SESSION
    reconnue: SessionReconnue | None = None
    en_attente: SessionReconnue | None = None
    delegue: Titre | None = None
    jeton: str = ""
    jeton_neuf: str = ""
    contexte: Contexte | None = None
    portee: Portee | None = None
    autres_titres: bool = False


def requete() -> Requete:
    """La requête en cours."""
    trouvee: Requete = g.ent_requete
    return trouvee


def session_courante() -> Session:
    """Session de base de la requête, cloisonnée à l'établissement en vigueur."""
    return requete().base


def contexte_courant() -> Contexte:
    """Contexte en vigueur.

    :raises Unauthorized: route ouverte sans session.
    """
    contexte = requete().contexte
    if contexte is None:
        raise Unauthorized
    return contexte


def portee_courante() -> Portee:
    """Périmètre accordé par la permission de la route.

    :raises Unauthorized: la route n'exige aucune permission.
    """
    portee = requete().portee
    if portee is None:
        raise Unauthorized
    return portee


def horloge_courante() -> Horloge:
    """Horloge de l'instance : le domaine ne lit jamais l'heure du système."""
    return instance().horloge


def changer_jeton(jeton: str) -> None:
    """Retient le nouveau jeton de la session, dès maintenant validé ; la réponse le portera.

    :param jeton: jeton rendu par ``sessions.elever`` ou ``sessions.renouveler``.
    """
    courante = requete()
    courante.base.commit()
    courante.jeton = courante.jeton_neuf = jeton


def temoin() -> str:
    """Nom du témoin de session ; ``__Host-`` interdit qu'un sous-domaine le pose."""
    return "__Host-ent" if instance().configuration.serveur.securise else "ent"


def poser_temoin(reponse: ReponseWerkzeug, jeton: str) -> ReponseWerkzeug:
    """Pose le témoin de session.

    :param reponse: réponse à compléter.
    :param jeton: jeton neuf.
    """
    reponse.set_cookie(
        temoin(),
        jeton,
        httponly=True,
        secure=instance().configuration.serveur.securise,
        samesite="Lax",
        path="/",
    )
    return reponse


def installer(application: Flask) -> None:
    """Branche l'ouverture et la fin de chaque requête.

    :param application: application Flask.
    """
    application.before_request(_ouvrir)
    application.after_request(_valider)
    application.teardown_request(_fermer)


def _ouvrir() -> ReponseWerkzeug | None:
    if request.endpoint is None or request.endpoint.endswith("static"):
        return None
    ent = instance()
    exigence = exigence_de(current_app.view_functions[request.endpoint], request.method) or _FERMEE
    g.ent_requete = Requete(ent.base.session(Portage("page")), voie_de(exigence))
    _reconnaitre(exigence)
    garder_la_visite(requete().reconnue, exigence)
    garder_le_profil(requete(), exigence)
    brique = _exiger_brique_active()
    if not exigence.motif:
        if requete().reconnue is None and requete().delegue is None:
            return None if exigence.attente and requete().en_attente else _vers_connexion()
        if exigence.permission:
            contexte = requete().contexte
            if contexte is None:
                return redirect(url_for("ent.contexte", suite=_suite()))
            requete().portee = ent.habilitations.exiger(contexte, exigence.permission)
        if exigence.reauthentification and (demande := preuve.exiger(ent, requete())):
            return demande
    if brique is not None:  # toute page d'une brique, quelle que soit son exigence
        garder_la_page(ent, requete().base, brique, requete().contexte, exigence.permission)
    return None


def _reconnaitre(exigence: Exigence) -> None:
    ent, courante = instance(), requete()
    match courante.voie:
        case VoieDeRequete.SESSION:
            _reconnaitre_la_session()
        case VoieDeRequete.LIEN:
            courante.delegue = voie_lien.reconnaitre(courante.base, ent.horloge, exigence)
        case VoieDeRequete.JETON:
            courante.delegue = voie_jeton.reconnaitre(ent, courante.base, exigence)
    if courante.delegue is not None:
        courante.contexte = _contexte(courante.delegue, ent.horloge.aujourd_hui())
        # Le rattachement a pris fin, ou l'acte demande une preuve : un délégué n'a ni choix ni preuve.
        if courante.contexte is None or exigence.reauthentification:
            raise Unauthorized


def _reconnaitre_la_session() -> None:
    ent, courante = instance(), requete()
    jeton = request.cookies.get(temoin(), "")
    if not jeton:
        return
    courante.jeton = jeton
    trouvee = sessions.reconnaitre(courante.base, ent.horloge, ent.configuration.sessions, jeton)
    if trouvee is None:
        return
    if trouvee.niveau == sessions.EN_ATTENTE:
        courante.en_attente = trouvee
        return
    courante.reconnue = trouvee
    if trouvee.support is not None:
        noter_portage(courante.base, visite=True)
    if trouvee.uai and trouvee.profil:
        titre = Titre(
            trouvee.compte_id, trouvee.personne_id, trouvee.uai, trouvee.etablissement_nom or "",
            trouvee.profil,
        )  # fmt: skip
        courante.contexte = _contexte(titre, ent.horloge.aujourd_hui())
        courante.autres_titres |= trouvee.autres_fiches


def _contexte(titre: Titre, jour: date) -> Contexte | None:
    """Contexte du jour ; ``None`` quand l'affectation a pris fin (SDET-AUT-03)."""
    base, uai, profil = requete().base, titre.uai, titre.profil
    attribution = attribuer(base, uai, titre.personne_id, profil, jour)
    requete().autres_titres = attribution.autres_titres
    if not attribution.roles:
        return None
    etat = instance().activation.etat(base, uai, jour)
    return Contexte(
        compte_id=titre.compte_id,
        personne_id=titre.personne_id,
        uai=uai,
        etablissement_nom=titre.etablissement_nom,
        profil=profil,
        jour=jour,
        annee=annee_scolaire(jour),
        roles=attribution.roles,
        delegations=attribution.delegations,
        briques=etat.actives,
        suspendues=etat.suspendues,
        en_attente=etat.en_attente,
    )


def _exiger_brique_active() -> str | None:
    """Brique de la page, s'il y en a une ; les pages d'une brique fermée ici n'existent pas ici."""
    brique, contexte = brique_de_la_route(), requete().contexte
    if brique is not None and contexte is not None and brique not in contexte.briques:
        exiger_avant_ouverture(instance(), contexte, brique, f"{request.script_root}{request.path}")
    return brique


def _vers_connexion() -> ReponseWerkzeug:
    if est_api():
        raise Unauthorized
    page = "ent.verification" if requete().en_attente else "ent.connexion"
    return redirect(url_for(page, suite=_suite()))


def _suite() -> str | None:
    """Adresse où revenir : un chemin local, et seulement d'une lecture."""
    return request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None


def _valider(reponse: Response) -> Response:
    courante: Requete | None = g.get("ent_requete")
    if courante is not None:
        if reponse.status_code < 400 and not lecture_de_visite(courante.reconnue):
            courante.base.commit()
        else:
            courante.base.rollback()
        if courante.voie is VoieDeRequete.LIEN:
            voie_lien.durcir(reponse)
        if courante.voie is not VoieDeRequete.SESSION:
            sans_temoin(reponse)
        elif courante.jeton_neuf and not _pose_un_temoin(reponse):
            poser_temoin(reponse, courante.jeton_neuf)
    return reponse


def _pose_un_temoin(reponse: Response) -> bool:
    return any(pose.startswith(f"{temoin()}=") for pose in reponse.headers.getlist("Set-Cookie"))


def _fermer(_erreur: BaseException | None) -> None:
    courante: Requete | None = g.pop("ent_requete", None)
    if courante is not None:
        courante.base.close()
