"""Un service refusé : une page qu'un responsable comprend, un code pour le secours, une ligne au journal."""

from __future__ import annotations

import secrets

from flask import make_response, render_template, url_for
from werkzeug.wrappers import Response

from ent_core.donnees.session import Portage
from ent_core.identite.journal import consigner
from ent_core.web.instance import instance
from ent_core.web.requete import requete

__all__ = ["refuser"]

_ECOLE = "Demandez à l'établissement s'il doit vous être ouvert. Donnez le code ci-dessous."
_PHRASES: dict[str, tuple[str, str]] = {
    "adresse": (
        "L'adresse qui vous envoie ici est mal écrite : l'ENT ne sait pas où vous renvoyer.",
        "Revenez à l'accueil, et ouvrez le service depuis « Mes services ».",
    ),
    "assistance": (
        "Pendant une visite de l'assistance, aucun service ne s'ouvre au nom de la personne.",
        "Terminez la visite, puis ouvrez le service à votre nom.",
    ),
    "compte": (
        "Votre compte n'est pas encore activé, ou il est suspendu.",
        "Activez-le avec le code reçu de l'établissement, puis recommencez.",
    ),
    "dates": ("Ce service n'est pas ouvert à cette date.", _ECOLE),
    "ecole": ("Ce service n'est pas ouvert dans l'établissement où vous êtes.", _ECOLE),
    "gar": (
        "Le ministère, qui tient ce service, ne vous connaît pas encore dans cet établissement.",
        "L'établissement lui transmet ses élèves et ses personnels chaque nuit : réessayez demain. "
        "Si rien ne change, donnez-lui le code ci-dessous.",
    ),
    "inconnu": (
        "Le service qui vous envoie ici n'est pas déclaré dans l'ENT. Rien ne lui a été dit de vous.",
        "Si l'adresse vient d'un message, méfiez-vous. Sinon, prévenez l'établissement, avec le code.",
    ),
    "retour": (
        "Le service qui vous envoie ici donne une adresse de retour que l'ENT ne lui connaît pas.",
        "Prévenez l'établissement, avec le code : le service doit corriger son réglage.",
    ),
    "profil": ("Ce service n'est pas ouvert à votre profil dans cet établissement.", _ECOLE),
    "saml": (
        "Le service vous envoie ici avec une demande que l'ENT ne peut pas admettre. Rien ne lui a été dit.",
        "Revenez au service et recommencez. Si cela continue, donnez le code ci-dessous à l'établissement.",
    ),
    "saml_absent": (
        "L'ENT n'est pas prêt à répondre à ce service.",
        "Prévenez l'établissement, avec le code ci-dessous.",
    ),
    "saml_tard": (
        "Trop de temps a passé depuis que le service vous a envoyé ici.",
        "Revenez au service, et recommencez.",
    ),
    "suspendu": ("Ce service est fermé pour le moment.", _ECOLE),
}


def refuser(
    cause: str,
    *,
    service: str = "",
    hote: str = "",
    statut: int = 403,
    suite: str = "",
    regle: str = "",
) -> Response:
    """Page de refus ; une personne reconnue laisse une ligne au journal, un inconnu n'en écrit pas.

    :param cause: motif, de la liste ci-dessus.
    :param service: identifiant du service, s'il est connu.
    :param hote: hôte demandé, pour l'administrateur.
    :param suite: adresse à retrouver, si un autre titre de la personne peut ouvrir le service.
    :param regle: règle que la demande n'a pas tenue, pour l'administrateur.
    """
    secours = secrets.token_hex(2).upper()
    courante = requete()
    reconnue = courante.reconnue
    if reconnue is not None:
        autres = courante.autres_titres
        # La connexion de la requête est rendue avant d'en prendre une autre : la réserve est petite.
        courante.base.commit()
        details = {"cause": cause, "secours": secours, **({"regle": regle} if regle else {})}
        with instance().base.unite(Portage("services tiers : refus")) as session:
            consigner(
                session, instance().horloge, "service.refuse", uai=reconnue.uai, acteur=reconnue.personne_id,
                objet=service or hote or None, details=details,
            )  # fmt: skip
    else:
        autres = False
    message, remede = _PHRASES[cause]
    page = render_template(
        "federation/refus.html",
        message=message,
        remede=remede,
        code=f"ENT-SERVICE · {secours}",
        changer=url_for("ent.contexte", suite=suite) if suite and autres else "",
    )
    return make_response(page, statut)
