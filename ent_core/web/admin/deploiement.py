"""Le déploiement d'une brique : où elle est servie, où elle attend, où elle s'ouvrira."""

from __future__ import annotations

from flask import render_template, url_for

from ent_core.chargement.deploiement import Deploiement, EtapeOuverture
from ent_core.chargement.deploiement import deploiement as lire_deploiement
from ent_core.web.admin import effets
from ent_core.web.admin.pages import administration, lire, perimetre
from ent_core.web.admin.saisies import SaisieDeploiement
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__: list[str] = []

_PAR_PAGE = 50
_ONGLETS = {
    EtapeOuverture.SERVIE: "Servie",
    EtapeOuverture.EN_ATTENTE: "En attente",
    EtapeOuverture.PREVUE: "Prévue",
    EtapeOuverture.SUSPENDUE: "Suspendue",
    EtapeOuverture.FERMEE: "Fermée",
}


@administration.get("/briques/<brique>/deploiement")
@exige("noyau.briques")
def deploiement(brique: str) -> str:
    chargee, filtre = effets.chargee(instance(), brique), lire(SaisieDeploiement())
    with perimetre("déploiement d'une brique") as (session, uai):
        lu = lire_deploiement(session, instance().activation, brique, contexte_courant().jour, uai)
    lignes = [ligne for ligne in lu.lignes if filtre["etape"] in (None, ligne.etape)]
    rang = (filtre["page"] - 1) * _PAR_PAGE
    return render_template(
        "admin/deploiement.html",
        brique=chargee.manifeste,
        deploiement=lu,
        onglets=_onglets(brique, lu, filtre["etape"]),
        lignes=lignes[rang : rang + _PAR_PAGE],
        total=len(lignes),
        rang=rang,
        filtre=filtre,
        libelles=_ONGLETS,
        suite=len(lignes) > rang + _PAR_PAGE,
    )


def _onglets(brique: str, lu: Deploiement, voulue: EtapeOuverture | None) -> list[dict[str, object]]:
    """« Tous », puis chaque étape où il y a quelqu'un."""
    adresse = "admin.deploiement"
    comptes = {etape: nombre for etape, nombre in lu.comptes.items() if nombre or etape is voulue}
    return [
        {"libelle": "Tous", "url": url_for(adresse, brique=brique), "actif": voulue is None,
         "compteur": len(lu.lignes)},
        *(
            {"libelle": _ONGLETS[etape], "url": url_for(adresse, brique=brique, etape=etape.value),
             "actif": etape is voulue, "compteur": nombre}
            for etape, nombre in comptes.items()
        ),
    ]  # fmt: skip
