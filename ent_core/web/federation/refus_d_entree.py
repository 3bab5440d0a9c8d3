"""Une entrée refusée : une page que chacun comprend, un code pour l'assistance, une ligne au journal."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from flask import make_response, render_template, url_for
from werkzeug.wrappers import Response

from ent_core.donnees.session import Portage
from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.federation.rapprochement import ecole_nommee
from ent_core.identite.journal import consigner
from ent_core.web.instance import instance
from ent_core.web.portail.acces import origine

__all__ = ["PORTAGE", "code_d_attente", "noter_l_entree", "refuser_l_entree"]

_D_UNE_PREUVE = ("autre_sujet", "preuve_ancienne")
"""Motifs d'une preuve refusée : la personne, elle, est toujours connectée."""

PORTAGE = Portage("connexion")


def refuser_l_entree(
    cle: str, refus: EntreeRefusee | PartenaireInjoignable, evenement: EvenementAuthentification | None
) -> Response:
    """Page d'un refus.

    :param cle: fournisseur.
    :param refus: refus, dont le vrai motif va au journal.
    :param evenement: ce que le fournisseur avait prouvé, s'il l'avait fait.
    """
    panne = isinstance(refus, PartenaireInjoignable)
    reference = f"{refus.code} · {secrets.token_hex(2).upper()}"
    uais = evenement.attributs.uais if evenement else ()
    motif = refus.motif if isinstance(refus, EntreeRefusee) else "panne"
    ecole = noter_l_entree(cle, motif, reference, uais)
    reste = motif in _D_UNE_PREUVE
    refuse = "La preuve n'est pas faite" if reste else "Vous n'êtes pas connecté"
    page = render_template(
        "erreur.html",
        titre="Ce service de connexion ne répond pas" if panne else refuse,
        message="le service par lequel vous entrez est en panne, ou trop lent." if panne else refus.message,
        remede="Réessayez dans quelques minutes, ou entrez avec un identifiant de l'ENT."
        if panne
        else refus.remede,
        contact=f"{ecole}. Donnez le code ci-dessous." if ecole else "",
        code=reference,
        retour=url_for("ent.accueil" if reste else "ent.connexion"),
        theme="auto",
    )
    return make_response(page, 503 if panne else refus.statut_http)


def noter_l_entree(cle: str, motif: str, reference: str, uais: Sequence[str]) -> str:
    """Écrit le refus, ou le compte à relier, au journal de l'école nommée ; rend son nom.

    :param cle: fournisseur.
    :param motif: motif du refus ; vide pour un compte à relier.
    :param reference: code que la personne a sous les yeux.
    :param uais: écoles que le fournisseur nomme.
    """
    ent = instance()
    with ent.base.unite(PORTAGE) as session:
        ecole = ecole_nommee(session, uais) if uais else None
        details = {"fournisseur": cle, "code": reference}
        consigner(
            session,
            ent.horloge,
            "entree.refusee" if motif else "entree.a_relier",
            uai=ecole[0] if ecole else None,
            details={**details, "motif": motif} if motif else details,
            reseau=origine().adresse,
        )
    return ecole[1] if ecole else ""


def code_d_attente(jeton: str) -> str:
    """Code de la page où l'on relie son compte.

    :param jeton: entrée en attente.
    """
    return f"ENT-RELIER · {hashlib.sha256(jeton.encode('utf-8', 'replace')).hexdigest()[:4].upper()}"
