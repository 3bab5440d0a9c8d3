"""Arriver sans l'avoir demandé : le guichet d'une académie envoie la personne, sans chasser personne d'autre.

Le message arrive par un formulaire posté d'un autre site : le navigateur n'y joint pas la session déjà
ouverte. La personne est reconnue là, et n'entre qu'à l'adresse suivante, où cette session se voit.
"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.attentes import attendue, finir
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.federation.liens import mene_a
from ent_core.federation.porte import EnAttente, annoncer, entrer_par, exiger_inedit
from ent_core.federation.saml.client import ClientSaml
from ent_core.identite import sessions
from ent_core.web.federation.plans import (
    EN_ATTENTE,
    adresse_de_retour,
    adresse_publique,
    entree,
    garder,
    oublier,
)
from ent_core.web.federation.refus_d_entree import code_d_attente, noter_l_entree, refuser_l_entree
from ent_core.web.instance import instance
from ent_core.web.portail.acces import accueillir, origine
from ent_core.web.portail.avis import prevenir_d_un_appareil
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import public
from ent_core.web.suite import suite_locale

__all__ = ["arriver"]

_SUITE_MAXIMALE = 2000
_POURQUOI = "un fournisseur admis à le faire envoie ici une personne déjà prouvée"


def arriver(client: ClientSaml, etat: str) -> Response:
    """Lit la réponse que rien n'a demandée, et mène à la suite.

    :param client: fournisseur, admis à en envoyer.
    :param etat: ``RelayState`` reçu : au mieux, un chemin d'ici.
    """
    ent, cle = instance(), client.cle
    evenement: EvenementAuthentification | None = None
    session_courante().commit()
    try:
        evenement = client.accueillir(request.form.to_dict(), adresse_de_retour(cle))
        exiger_inedit(ent.base, evenement)
        annoncee = annoncer(ent.base, ent.horloge, client.fournisseur, evenement)
    except EntreeRefusee as refus:
        if refus.motif == "saml.demande":  # elle répondait à une demande de ce navigateur, trop vieille
            return redirect(url_for("entree.partir", cle=cle), 303)
        return refuser_l_entree(cle, refus, evenement)
    suite = _chemin(etat)
    if annoncee.connue:
        vers = url_for("entree.arrivee", cle=cle, suite=suite)
    else:
        noter_l_entree(cle, "", code_d_attente(annoncee.jeton), evenement.attributs.uais)
        vers = url_for("entree.preuve", suite=suite)
    return garder(redirect(vers, 303), EN_ATTENTE, annoncee.jeton)


@entree.get("/<cle>/arrivee")
@public(_POURQUOI)
def arrivee(cle: str) -> str | Response:
    evenement = _attendue(cle)
    reconnue, suite = requete().reconnue, suite_locale(request.args.get("suite"))
    if evenement is None:
        return redirect(suite if reconnue else url_for("ent.connexion"))
    if reconnue is None:
        return _entrer(evenement, suite)
    if mene_a(session_courante(), evenement.emetteur, evenement.sujet, reconnue.personne_id):
        return _finir(redirect(suite))
    return render_template(
        "federation/deja_connecte.html",
        nom=instance().entrees.client(cle).fournisseur.nom,
        ici=f"{reconnue.prenom or ''} {reconnue.nom}".strip(),
        suite=suite,
        adresse=url_for("entree.prendre_la_place", cle=cle),
    )


@entree.post("/<cle>/arrivee")
@public(_POURQUOI)
def prendre_la_place(cle: str) -> Response:
    """La personne l'a confirmé : la session de l'autre finit, la sienne commence."""
    evenement, courante = _attendue(cle), requete()
    if evenement is None:
        return redirect(url_for("ent.connexion"))
    if courante.reconnue is not None:
        sessions.fermer(courante.base, instance().horloge, courante.jeton)
    return _entrer(evenement, suite_locale(request.form.get("suite")))


def _entrer(evenement: EvenementAuthentification, suite: str) -> Response:
    ent = instance()
    client = ent.entrees.client(evenement.fournisseur)
    session_courante().commit()
    with ent.base.academie("connexion : arrivée annoncée par un fournisseur") as session:
        if not finir(session, request.cookies.get(EN_ATTENTE, "")):
            return redirect(url_for("ent.connexion"))
    try:
        resultat = entrer_par(ent.base, ent.horloge, ent.coffre, client.fournisseur, evenement, origine())
    except EntreeRefusee as refus:
        return oublier(refuser_l_entree(client.cle, refus, evenement), EN_ATTENTE)
    if isinstance(resultat, EnAttente):  # le lien a été retiré entre-temps
        return garder(redirect(url_for("entree.preuve", suite=suite)), EN_ATTENTE, resultat.jeton)
    prevenir_d_un_appareil(resultat)
    return oublier(accueillir(resultat, suite), EN_ATTENTE)


def _finir(reponse: Response) -> Response:
    with instance().base.academie("connexion : arrivée annoncée par un fournisseur") as session:
        finir(session, request.cookies.get(EN_ATTENTE, ""))
    return oublier(reponse, EN_ATTENTE)


def _attendue(cle: str) -> EvenementAuthentification | None:
    jeton = request.cookies.get(EN_ATTENTE, "")
    trouvee = attendue(session_courante(), instance().horloge, jeton)
    return trouvee if trouvee is not None and trouvee.fournisseur == cle else None


def _chemin(etat: str) -> str:
    """Chemin d'ici que le fournisseur rend, seul ou précédé de l'adresse de cet ENT ; sinon, l'accueil."""
    racine = adresse_publique("")
    return suite_locale(etat.removeprefix(racine) if len(etat) <= _SUITE_MAXIMALE else None)
