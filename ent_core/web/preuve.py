"""Se prouver de nouveau avant un acte sensible, sans rien perdre de ce qui est saisi.

Une page de formulaire demandée trop tard mène à la preuve, puis revient. Un formulaire *envoyé* trop tard
n'est pas gardé par le serveur : il est rendu, caché, dans la page qui demande la preuve, et repart avec elle
à la même adresse. Rien n'est donc mis de côté, et l'acte ne se fait qu'une fois, par la requête que la
personne envoie. Un fichier ne se rend pas : sa page demande la preuve d'abord.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from ent_core.federation.liens import chez_le_fournisseur
from ent_core.identite import sessions
from ent_core.identite.facteurs import epreuve, inventaire
from ent_core.identite.facteurs.inventaire import Moyens
from ent_core.identite.lecture_session import SessionReconnue
from ent_core.identite.refus import MotifRefus, Refus
from ent_core.socle.erreurs import ErreurEnt
from ent_core.web.erreurs import est_api
from ent_core.web.instance import Instance
from ent_core.web.lieu import lieu_des_cles

if TYPE_CHECKING:
    from ent_core.web.requete import Requete

__all__ = ["PREFIXE", "PreuveDemandee", "adopter", "demander", "essayer", "exiger"]

PREFIXE = "preuve_"
"""Début du nom des champs de la preuve ; la vue ne les reçoit pas."""

_LECTURES = frozenset({"GET", "HEAD", "OPTIONS"})
_DEMONSTRATION = "demonstration"
_LOCALES = frozenset({"locale", "cle", "code"})
"""Voies d'entrée d'un compte qui a un mot de passe de l'ENT."""


class PreuveDemandee(ErreurEnt):
    """L'acte est sensible, et la dernière preuve de la personne date."""

    code = "ENT-PREUVE"
    statut_http = 403


def exiger(ent: Instance, courante: Requete) -> Response | None:
    """Laisse passer qui s'est prouvé depuis peu, ou le fait à l'instant ; sinon, la page qui le demande.

    :param ent: instance.
    :param courante: requête, sa session reconnue.
    :raises PreuveDemandee: requête de l'API.
    """
    reconnue = courante.reconnue
    if reconnue is None or epreuve.est_fraiche(reconnue, ent.horloge.maintenant()):
        return None
    if est_api():
        raise PreuveDemandee(
            "cet acte est sensible, et votre dernière preuve date de plus de dix minutes.",
            remede=f"se prouver de nouveau à l'adresse {url_for('ent.prouver')}, puis recommencer.",
        )
    if request.method in _LECTURES:
        return redirect(url_for("ent.prouver", suite=request.full_path.rstrip("?")))
    resultat = essayer(ent, courante, reconnue) if _repond() else None
    if isinstance(resultat, str):
        _oter_la_preuve()
        return None
    return demander(ent, courante, reconnue, resultat, adresse=request.full_path.rstrip("?"))


def essayer(ent: Instance, courante: Requete, reconnue: SessionReconnue) -> str | Refus:
    """Juge la preuve que le formulaire porte ; bonne, la session change de jeton aussitôt.

    :param ent: instance.
    :param courante: requête.
    :param reconnue: session, ouverte ou en attente.
    :returns: le nouveau jeton, ou un refus.
    """
    base, session, jeton, envoye = ent.base, courante.base, courante.jeton, request.form
    lieu, ouverte = lieu_des_cles(ent), reconnue.niveau > sessions.EN_ATTENTE
    if lieu is not None and (reponse := envoye.get(f"{PREFIXE}cle")):
        resultat = epreuve.prouver_par_cle(base, session, ent.horloge, lieu, reconnue, jeton, reponse)
    elif ouverte and (secret := envoye.get(f"{PREFIXE}secret")) and not _a_un_facteur(courante, reconnue):
        resultat = epreuve.prouver_par_secret(base, session, ent.horloge, ent.coffre, reconnue, jeton, secret)
    elif ouverte and f"{PREFIXE}clic" in envoye and _en_demonstration(ent, reconnue):
        prouve = epreuve.reprouver(session, ent.horloge, reconnue, jeton, reconnue.compte_id, _DEMONSTRATION)
        resultat = prouve or Refus(MotifRefus.FACTEUR)
    else:
        saisi = envoye.get(f"{PREFIXE}code", "")
        resultat = epreuve.prouver_par_code(base, session, ent.horloge, ent.coffre, reconnue, jeton, saisi)
    if isinstance(resultat, str):
        adopter(ent, courante, resultat)
    return resultat


def adopter(ent: Instance, courante: Requete, jeton: str) -> None:
    """Continue la requête sous le jeton d'une session qui vient d'être prouvée.

    :param ent: instance.
    :param courante: requête.
    :param jeton: nouveau jeton.
    """
    # Validée dès maintenant : la preuve est faite, que l'acte réussisse ou non.
    courante.base.commit()
    courante.jeton = courante.jeton_neuf = jeton
    courante.reconnue = sessions.reconnaitre(courante.base, ent.horloge, ent.configuration.sessions, jeton)


def demander(
    ent: Instance,
    courante: Requete,
    reconnue: SessionReconnue,
    refus: Refus | None,
    *,
    adresse: str,
    suite: str = "",
) -> Response:
    """La page qui demande la preuve, avec ce qui était envoyé.

    :param ent: instance.
    :param courante: requête.
    :param reconnue: session.
    :param refus: preuve qui vient d'échouer.
    :param adresse: où le formulaire repart.
    :param suite: où aller ensuite, s'il n'y a rien à renvoyer.
    """
    moyens = inventaire.moyens(courante.base, reconnue.compte_id)
    chez_lui = chez_le_fournisseur(courante.base, reconnue.id)
    client = next((c for c in ent.entrees.tous if chez_lui and c.cle == chez_lui.fournisseur), None)
    page = render_template(
        "preuve.html",
        adresse=adresse,
        suite=suite,
        garde=[] if suite else _a_rendre(),
        fichier=bool(request.files) if request.method not in _LECTURES else False,
        moyens=moyens,
        secret=_a_un_secret(reconnue, moyens),
        clic=_en_demonstration(ent, reconnue),
        cles=lieu_des_cles(ent) is not None and moyens.cles > 0,
        fournisseur=client.fournisseur.nom if client else "",
        chez_lui=url_for("entree.reprouver", cle=client.cle, suite=suite or None) if client else "",
        erreur=refus.message if refus else "",
    )
    # htmx n'échange que les réponses réussies : la page entière prend la place du fragment attendu.
    fragment = request.headers.get("HX-Request") == "true"
    reponse = make_response(page, 200 if fragment or (suite and refus is None) else 403)
    if refus is not None and refus.attente:
        reponse.headers["Retry-After"] = str(int(refus.attente.total_seconds()) + 1)
    if fragment:
        reponse.headers["HX-Retarget"], reponse.headers["HX-Reswap"] = "body", "innerHTML"
    return reponse


def _repond() -> bool:
    return any(nom.startswith(PREFIXE) for nom in request.form)


def _a_rendre() -> list[tuple[str, str]]:
    """Ce que la personne avait envoyé, tel qu'elle l'avait envoyé ; ni jeton, ni preuve."""
    if request.method in _LECTURES:
        return []
    return [
        (nom, valeur)
        for nom, valeur in request.form.items(multi=True)
        if nom != "csrf_token" and not nom.startswith(PREFIXE)
    ]


def _oter_la_preuve() -> None:
    """La vue lit le formulaire que la personne a rempli, et lui seul."""
    request.form = ImmutableMultiDict(_a_rendre())


def _a_un_facteur(courante: Requete, reconnue: SessionReconnue) -> bool:
    return inventaire.a_un_facteur(courante.base, reconnue.compte_id)


def _a_un_secret(reconnue: SessionReconnue, moyens: Moyens) -> bool:
    return not moyens.total and reconnue.methode in _LOCALES


def _en_demonstration(ent: Instance, reconnue: SessionReconnue) -> bool:
    return ent.configuration.demo and reconnue.methode == _DEMONSTRATION
