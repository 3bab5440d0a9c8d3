"""``ent importer`` : l'annuaire, une liste, un emploi du temps.

Codes de sortie : 0 tout est entré ; 4 l'import est fait, mais des éléments sont mis de côté ; 5 rien n'est
fait, une personne doit confirmer ; un autre code : rien n'est fait, et le message dit pourquoi.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.importer_reprise import annuler, renommer
from ent_core.cli.importer_sortie import (
    ecrire_apercu,
    ecrire_defauts,
    ecrire_ecarts,
    ecrire_rapport_ecole,
    enregistrer,
)
from ent_core.cli.ouverture import Ouverture, ouvrir
from ent_core.cli.sortie import confirmer, ecrire_json, ecrire_tableau, option_json, progression
from ent_core.identite.aaf.importation import importer as importer_aaf
from ent_core.identite.aaf.livraison import Livraison, ouvrir_livraison
from ent_core.identite.aaf.projets import exiger_projet_connu
from ent_core.identite.aaf.rapport import RapportImport
from ent_core.identite.lots import RapportChargement, ecarts_des, empreinte_des, lister_lots, rejets_du_lot
from ent_core.identite.sts.chargement import importer_emploi_du_temps
from ent_core.identite.tableur import (
    Correspondance,
    Format,
    Genre,
    Tableau,
    ecrire_rapport,
    lire_tableau,
    modele_vierge,
    proposer_correspondance,
    valider,
)
from ent_core.identite.tableur.chargement import OptionsListe, RetraitsAConfirmer, importer_liste
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee

__all__ = ["AVEC_REJETS", "importer"]

AVEC_REJETS = 4
"""L'import est fait ; des éléments sont mis de côté."""

_FICHIER = click.Path(path_type=Path, exists=True, dir_okay=False)
_ETATS = {
    "applique": "appliqué", "annule": "annulé", "simule": "simulation", "lecture": "en cours",
    "refuse": "à confirmer", "echec": "refusé", "abandonne": "abandonné",
}  # fmt: skip
_SIMULATION = click.option("--simulation", is_flag=True, help="Dire ce qui changerait, sans rien changer.")
_ACCEPTER = click.option(
    "--accepter-retraits", is_flag=True, help="Confirmer un retrait au-delà du seuil de la configuration."
)


@click.group(cls=Groupe)
def importer() -> None:
    """Importer l'annuaire, une liste ou un emploi du temps.

    Codes de sortie : 0 tout est entré ; 4 fait, avec des éléments mis de côté ; 5 rien n'est fait, une
    personne doit confirmer ; un autre code : rien n'est fait.
    """


@importer.command("aaf")
@click.argument("chemin", type=click.Path(path_type=Path, exists=True))
@_SIMULATION
@_ACCEPTER
@click.option("--accepter-ancienne", is_flag=True, help="Confirmer une livraison de plus de sept jours.")
@click.option(
    "--nouveau-projet", is_flag=True, help="Confirmer que ce projet en est un autre, et non l'ancien renommé."
)
@option_json
def aaf(
    chemin: Path, simulation: bool, accepter_retraits: bool, accepter_ancienne: bool, nouveau_projet: bool,
    en_json: bool,
) -> None:  # fmt: skip
    """Importe une livraison de l'annuaire fédérateur : dossier, .zip, .tgz ou fichier .xml."""
    with ouvrir() as ouverture, ouvrir_livraison(chemin) as livraison:
        if not nouveau_projet:
            exiger_projet_connu(ouverture.base, livraison)
        options = {"accepter_ancienne": accepter_ancienne}
        try:
            rapport = _importer_aaf(
                ouverture, livraison, simulation=simulation, accepter_retraits=accepter_retraits, **options
            )
        except OperationRefusee as refus:
            # Seule une simulation dit si le refus vient des retraits, ou d'autre chose qu'on ne confirme pas.
            prevu = _importer_aaf(ouverture, livraison, simulation=True, accepter_retraits=False, **options)
            if not prevu.retraits_excessifs:
                raise
            confirmer(refus, "Importer malgré tout ?")
            rapport = _importer_aaf(ouverture, livraison, simulation=False, accepter_retraits=True, **options)
    if en_json:
        ecrire_json({"resume": rapport.resume(), "lot": rapport.lot, **rapport.en_json()})
    else:
        click.echo(rapport.resume())
        for retrait in rapport.retraits_excessifs:
            click.echo(f"! Retraits au-delà du seuil : {retrait}.")
        ecrire_ecarts(ecarts_des(rapport.comptes), simulation=simulation)
        ecrire_defauts(rapport.echantillon)
    if any(constat.gravite == "rejet" for constat in rapport.echantillon):
        sys.exit(AVEC_REJETS)


def _importer_aaf(ouverture: Ouverture, livraison: Livraison, **options: Any) -> RapportImport:
    with progression("Annuaire") as avancer:
        return importer_aaf(
            ouverture.base,
            livraison,
            horloge=ouverture.horloge,
            reglages=ouverture.configuration.imports,
            progression=avancer,
            annoncer=ouverture.relais.annonceur,
            **options,
        )


@importer.command("liste")
@click.argument("chemin", type=_FICHIER)
@click.option("--etablissement", "uai", required=True, metavar="UAI", help="Établissement de la liste.")
@click.option(
    "--genre", type=click.Choice([genre.value for genre in Genre]), help="Ce que la liste contient."
)
@click.option(
    "--correspondance", "memoire", type=_FICHIER, help="Correspondance gardée par « --apercu --json »."
)
@click.option("--apercu", is_flag=True, help="Montrer les colonnes reconnues et cinq lignes, sans importer.")
@_SIMULATION
@click.option("--rapport", "rapport_csv", type=click.Path(path_type=Path, dir_okay=False),
              help="Rendre la liste avec une colonne « erreur » (.csv, .xlsx ou .ods).")  # fmt: skip
@click.option("--complete", is_flag=True, help="La liste dit tout : fermer les liens de qui n'y est pas.")
@_ACCEPTER
@option_json
def liste(
    chemin: Path, uai: str, genre: str | None, memoire: Path | None, apercu: bool, simulation: bool,
    rapport_csv: Path | None, complete: bool, accepter_retraits: bool, en_json: bool,
) -> None:  # fmt: skip
    """Importe une liste d'élèves, de responsables ou de personnels (CSV, XLSX ou ODS)."""
    tableau = lire_tableau(chemin)
    correspondance = _correspondance(tableau, genre, memoire)
    if apercu:
        ecrire_apercu(tableau, correspondance, en_json=en_json)
        return
    if memoire is None and correspondance.confiance < 1.0 and not correspondance.manquants:
        _confirmer_colonnes(tableau, correspondance)
    with ouvrir() as ouverture:
        resultat = valider(tableau, correspondance, aujourd_hui=ouverture.horloge.aujourd_hui())
        if rapport_csv is not None:
            rapport_csv.write_bytes(ecrire_rapport(tableau, resultat.erreurs, _format(rapport_csv)))

        def executer(*, accepter: bool) -> RapportChargement:
            return importer_liste(
                ouverture.base,
                resultat,
                uai=uai,
                nom=chemin.name,
                empreinte=empreinte_des([chemin]),
                horloge=ouverture.horloge,
                reglages=ouverture.configuration.imports,
                options=OptionsListe(complete=complete, accepter_retraits=accepter),
                simulation=simulation,
                annoncer=ouverture.relais.annonceur,
            )

        try:
            rapport = executer(accepter=accepter_retraits)
        except RetraitsAConfirmer as refus:
            confirmer(refus, "Importer malgré tout ?")
            rapport = executer(accepter=True)
    ecrire_rapport_ecole(rapport, en_json=en_json)
    _sortir(rapport)


@importer.command("emploi-du-temps")
@click.argument("emp_sts", type=_FICHIER)
@click.option(
    "--individus", type=_FICHIER, help="Fichier sts_emp du même établissement, qui décrit les agents."
)
@_SIMULATION
@option_json
def emploi_du_temps(emp_sts: Path, individus: Path | None, simulation: bool, en_json: bool) -> None:
    """Importe l'emploi du temps d'un établissement (fichier emp_sts de STS-web)."""
    with ouvrir() as ouverture, progression("Emploi du temps") as avancer:
        rapport = importer_emploi_du_temps(
            ouverture.base,
            emp_sts,
            individus=individus,
            horloge=ouverture.horloge,
            simulation=simulation,
            progression=avancer,
        )
    ecrire_rapport_ecole(rapport, en_json=en_json)
    _sortir(rapport)


@importer.command("modele")
@click.argument("genre", type=click.Choice([genre.value for genre in Genre]))
@click.option("--format", "format_voulu", type=click.Choice([f.value for f in Format]), default="csv",
              show_default=True, help="Format du fichier.")  # fmt: skip
@click.option(
    "--sortie", type=click.Path(path_type=Path, dir_okay=False), help="Fichier ; sinon la sortie standard."
)
def modele(genre: str, format_voulu: str, sortie: Path | None) -> None:
    """Écrit une liste vierge à remplir, avec une ligne d'exemple."""
    contenu = modele_vierge(Genre(genre), Format(format_voulu))
    if sortie is not None:
        sortie.write_bytes(contenu)
        click.echo(f"Modèle écrit dans {sortie}.")
    elif format_voulu != Format.CSV.value and sys.stdout.isatty():
        raise click.UsageError("Un classeur ne s'affiche pas : ajouter « --sortie FICHIER ».")
    else:
        click.echo(contenu, nl=False)


@importer.command("lots")
@option_json
def lots(en_json: bool) -> None:
    """Montre les derniers imports."""
    with ouvrir() as ouverture, ouverture.base.academie("liste des imports") as session:
        ecrire_tableau(
            "Imports",
            ("lot", "début", "source", "nature", "jour", "état", "rejets", "avertissements"),
            [
                (r.lot.id, r.lot.demarre_le, r.lot.source, r.lot.nature, r.lot.jour,
                 r.lot.etat if en_json else _ETATS.get(r.lot.etat, r.lot.etat), r.rejets, r.avertissements)
                for r in lister_lots(session)
            ],
            en_json=en_json,
            vide="Aucun import.",
        )  # fmt: skip


@importer.command("rejets")
@click.argument("lot", type=click.UUID)
@click.option(
    "--rapport", "fichier", type=click.Path(path_type=Path, dir_okay=False), help="Écrire un fichier CSV."
)
@option_json
def rejets(lot: UUID, fichier: Path | None, en_json: bool) -> None:
    """Montre ce qu'un import a mis de côté, et pourquoi."""
    with ouvrir() as ouverture, ouverture.base.academie("rejets d'un import") as session:
        trouves = rejets_du_lot(session, lot)
        if fichier is not None:
            enregistrer(fichier, trouves)
        ecrire_tableau(
            f"Défauts du lot {lot}",
            ("gravité", "fichier", "ligne", "clé", "code", "motif"),
            [(r.gravite, r.fichier, r.ligne, r.cle, r.code, r.motif) for r in trouves],
            en_json=en_json,
            vide="Aucun défaut dans ce lot.",
        )


importer.add_command(annuler)
importer.add_command(renommer)


def _correspondance(tableau: Tableau, genre: str | None, memoire: Path | None) -> Correspondance:
    if memoire is None:
        return proposer_correspondance(tableau.entetes, Genre(genre) if genre else None)
    try:
        lue: dict[str, Any] = json.loads(memoire.read_text(encoding="utf-8"))
    except (ValueError, OSError) as erreur:
        raise DonneeInvalide(
            "La correspondance n'est pas du JSON lisible.",
            remede="la refaire avec « ent importer liste … --apercu --json ».",
            lieu=str(memoire),
        ) from erreur
    rejouee = Correspondance.depuis_dict(lue, tableau.entetes)
    if genre and rejouee.genre.value != genre:
        raise DonneeInvalide(
            f"La correspondance est celle d'une liste « {rejouee.genre.value} ».",
            remede="donner la bonne correspondance, ou retirer --genre.",
            lieu=str(memoire),
        )
    return rejouee


def _confirmer_colonnes(tableau: Tableau, correspondance: Correspondance) -> None:
    refus = OperationRefusee(
        "Des colonnes sont reconnues sans certitude.",
        remede="vérifier par --apercu, garder la correspondance (--apercu --json), puis la donner.",
        lieu=tableau.nom,
    )
    if sys.stdin.isatty():
        ecrire_apercu(tableau, correspondance, en_json=False)
    confirmer(refus, "Ces colonnes sont-elles les bonnes ?")


def _format(chemin: Path) -> Format:
    try:
        return Format(chemin.suffix.lstrip(".").lower())
    except ValueError:
        raise DonneeInvalide(
            "Le rapport s'écrit en .csv, .xlsx ou .ods.", remede="changer l'extension.", lieu=str(chemin)
        ) from None


def _sortir(rapport: RapportChargement) -> None:
    if rapport.rejets:
        sys.exit(AVEC_REJETS)
