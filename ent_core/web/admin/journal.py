"""Le journal des actes : filtrer, tourner les pages, exporter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from functools import partial
from typing import Any

from flask import Response, render_template

from ent_core.identite.consultation import CONNEXIONS, ActeLu, FiltreJournal, consulter
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Personne
from ent_core.identite.tableur.texte import proteger
from ent_core.socle.calendrier import FUSEAU
from ent_core.web.admin.pages import administration, lire, perimetre
from ent_core.web.admin.phrases import Lexique, phrase
from ent_core.web.admin.saisies import SaisieJournal
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__: list[str] = []

_PAR_PAGE = 50
_EXPORT_MAXIMUM = 50_000
_FAMILLES = (
    ("session", "Connexions"),
    ("entree", "Entrées par un fournisseur"),
    ("identite", "Liens avec un fournisseur"),
    ("compte", "Comptes et codes"),
    ("brique", "Briques"),
    ("service", "Services tiers"),
    ("role", "Rôles locaux"),
    ("delegation", "Délégations"),
    ("restriction", "Restrictions"),
    ("import", "Imports de l'annuaire"),
    ("liste", "Listes importées"),
    ("emploi_du_temps", "Emplois du temps"),
    ("annee", "Années scolaires"),
    ("periode", "Périodes"),
    ("sursis", "Sursis et suppressions"),
    ("conservation", "Conservation"),
    ("gel", "Gels des suppressions"),
    ("registre", "Registre des traitements"),
    ("violation", "Violations de données"),
    ("traces", "Accès aux traces"),
    ("travail", "Travaux rejoués ou abandonnés"),
    ("journal", "Journal"),
)


@administration.get("/journal", endpoint="journal")
@exige("noyau.journal")
def page_journal() -> str:
    filtre = lire(SaisieJournal())
    with perimetre("lire le journal des actes") as (session, uai):
        actes = consulter(session, _filtre(filtre, uai), limite=_PAR_PAGE, page=filtre["page"])
        acteur = session.get(Personne, filtre["acteur"]) if filtre["acteur"] else None
    return render_template(
        "admin/journal.html",
        actes=actes[:_PAR_PAGE],
        suite=len(actes) > _PAR_PAGE,
        rang=(filtre["page"] - 1) * _PAR_PAGE,
        filtre=filtre,
        adresse={cle: valeur for cle, valeur in filtre.items() if valeur and cle != "page"},
        acteur=acteur,
        academie=uai is None,
        familles=_familles(academie=uai is None),
        maximum=_EXPORT_MAXIMUM,
        dire=partial(phrase, lexique=_lexique()),
    )


@administration.get("/journal.csv")
@exige("noyau.journal", reauthentification=True)
def exporter_journal() -> Response:
    filtre, ent = lire(SaisieJournal()), instance()
    with perimetre("exporter le journal des actes") as (session, uai):
        actes = consulter(session, _filtre(filtre, uai), limite=_EXPORT_MAXIMUM)
        acteur, nombre = contexte_courant().personne_id, len(actes)
        consigner(session, ent.horloge, "journal.exporte", uai=uai, acteur=acteur, details={"nombre": nombre})
    nom = f"journal-{uai or 'academie'}-{contexte_courant().jour:%Y%m%d}.csv"
    return Response(
        _csv(actes[:_EXPORT_MAXIMUM], _lexique()).encode("utf-8-sig"),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={nom}"},
    )


def _familles(*, academie: bool) -> list[tuple[str, str]]:
    """Préfixes d'actes, et ce qu'ils sont : ceux du noyau, puis une famille par brique qui en dit."""
    du_noyau = [famille for famille in _FAMILLES if academie or famille[0] not in CONNEXIONS]
    chargees = instance().chargement.briques
    return du_noyau + [(b.id, f"Brique {b.manifeste.titre}") for b in chargees if b.actes]


def _filtre(saisie: dict[str, Any], uai: str | None) -> FiltreJournal:
    return FiltreJournal(uai, saisie["acte"], saisie["du"], saisie["au"], saisie["acteur"])


def _lexique() -> Lexique:
    ent = instance()
    return Lexique(
        {brique.id: brique.manifeste.titre for brique in ent.chargement.briques},
        {cle: permission.libelle for cle, permission in ent.permissions.items()},
        {dit.acte: dit for brique in ent.chargement.briques for dit in brique.actes},
        {(brique.id, p.cle): p.titre for brique in ent.chargement.briques for p in brique.prealables},
    )


def _csv(actes: Iterable[ActeLu], lexique: Lexique) -> str:
    """Le format que les tableurs ouvrent d'un clic en France : point-virgule, marque d'UTF-8."""
    sortie = io.StringIO()
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow(("Quand", "Acte", "Phrase", "Établissement", "Qui", "Objet", "Détails", "Réseau"))
    for acte in actes:
        details = ", ".join(f"{cle} : {valeur}" for cle, valeur in acte.details.items() if valeur is not None)
        quand = acte.instant.astimezone(FUSEAU).strftime("%d/%m/%Y %H:%M:%S")
        ligne = (
            quand,
            acte.acte,
            phrase(acte, lexique),
            acte.uai,
            acte.acteur_nom,
            acte.objet,
            details,
            acte.reseau,
        )
        ecrivain.writerow([proteger(valeur or "") for valeur in ligne])
    return sortie.getvalue()
