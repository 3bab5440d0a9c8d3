"""``ent registre`` : verrouiller, comparer et accepter ce que les briques déclarent."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ent_core.chargement.decouverte import BriqueChargee, charger, verrou_de
from ent_core.chargement.verification import exiger_sans_erreur
from ent_core.cli import publication
from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.vie_privee.controle_declarations import controler
from ent_core.vie_privee.elargissement import comparer as comparer_formes
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.verrou import NOM_DU_VERROU, ecrire, lire
from ent_core.vie_privee.verrou import verrouiller as verrouiller_forme

__all__ = ["registre"]


@click.group(cls=Groupe)
def registre() -> None:
    """Le registre des traitements : ce que les briques déclarent, et ce qui en est accepté."""


for commande in publication.COMMANDES:
    registre.add_command(commande)


@registre.command()
@click.argument("nom")
@option_json
def verrouiller(nom: str, en_json: bool) -> None:
    """Écrit le verrou d'une brique (ou de « noyau ») : registre.lock.json, à livrer avec elle."""
    brique = _brique(nom)
    exiger_sans_erreur(a for a in controler([brique.declaration()]))
    chemin = _chemin(brique)
    ancien = lire(chemin) if chemin.is_file() else None
    verrou = verrouiller_forme(nom, brique.manifeste.version, canonique(brique.declaration()), ancien)
    if verrou is not ancien:
        ecrire(chemin, verrou)
    if en_json:
        ecrire_json({"brique": nom, "verrou": str(chemin), "empreinte": verrou.empreinte})
        return
    etat = "était déjà à jour" if verrou is ancien else "est écrit"
    click.echo(f"Le verrou de « {nom} » {etat} : {chemin}")


@registre.command()
@click.argument("nom")
@click.option(
    "--depuis", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Un autre verrou à comparer au code, par exemple celui de la version en service.",
)  # fmt: skip
@option_json
def comparer(nom: str, depuis: Path | None, en_json: bool) -> None:
    """Dit ce qui change entre un verrou et le code ; code 1 si quelque chose s'élargit."""
    brique = _brique(nom)
    chemin = depuis or _chemin(brique)
    if not chemin.is_file():
        raise Introuvable(
            f"la brique « {nom} » n'a pas encore de verrou.",
            remede=f"lancer « ent registre verrouiller {nom} ».",
            lieu=str(chemin),
        )
    changements = comparer_formes(lire(chemin).declarations, canonique(brique.declaration()))
    ecrire_tableau(
        f"Changements de « {nom} »",
        ("traitement", "changement", "élargit"),
        [(c.traitement, c.phrase, "oui" if c.elargit else "non") for c in changements],
        en_json=en_json,
        vide="Le code dit ce que le verrou dit.",
    )
    if any(changement.elargit for changement in changements):
        sys.exit(1)


@registre.command()
@click.argument("nom")
@click.option("--etablissement", "uai", required=True, metavar="UAI", help="Établissement qui accepte.")
@click.option("--lire", "seulement", is_flag=True, help="Montrer ce qui change, sans rien accepter.")
@option_json
def accepter(nom: str, uai: str, seulement: bool, en_json: bool) -> None:
    """Note qu'un établissement accepte ce qu'une brique déclare, pour son chef qui l'a demandé par écrit."""
    with ouvrir() as ouverture, ouverture.base.academie(f"commande : accepter {nom}") as session:
        acceptations = ouverture.activation.acceptations
        if nom not in ouverture.activation.briques:
            raise Introuvable(
                f"la brique « {nom} » n'est pas chargée.",
                remede="« ent brique lister » montre celles qui le sont.",
            )
        if session.get(Etablissement, uai.upper()) is None:
            raise Introuvable(f"l'établissement {uai.upper()} est inconnu.", remede="vérifier le code UAI.")
        soumission = acceptations.soumissions(session, uai.upper(), [nom])[0]
        if not seulement:
            acceptations.accepter(
                session, ouverture.horloge, nom, uai.upper(), soumission.empreinte, origine="commande"
            )
    ecrire_tableau(
        f"Changements de « {nom} » pour {uai.upper()}",
        ("traitement", "changement", "élargit"),
        [(c.traitement, c.phrase, "oui" if c.elargit else "non") for c in soumission.changements],
        en_json=en_json,
        vide="Rien n'a changé depuis ce qui est accepté.",
    )
    if not seulement and not en_json:
        click.echo("C'est accepté, et consigné au journal.")


def _brique(nom: str) -> BriqueChargee:
    """Brique installée, chargée ou non dans cette instance."""
    chargement = charger([] if nom == "noyau" else [nom])
    exiger_sans_erreur(chargement.anomalies)
    brique = chargement.brique(nom)
    assert brique is not None  # noqa: S101 - sinon, une anomalie l'a dit
    return brique


def _chemin(brique: BriqueChargee) -> Path:
    chemin = verrou_de(brique)
    if chemin is None:
        raise OperationRefusee(
            f"la brique « {brique.id} » n'a pas de dossier où écrire {NOM_DU_VERROU}.",
            remede="l'installer en place.",
        )
    return chemin
